"""`python -m mom_lsp` is `mom`."""

from mom_lsp.cli import main

if __name__ == "__main__":
    main()
