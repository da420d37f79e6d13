"""A real Neovim with the configuration that README shows, driven by a Lua script."""
