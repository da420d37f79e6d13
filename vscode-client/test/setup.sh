#!/usr/bin/env bash
# Installs all that the editor tests need: a real VS Code (code-server), the Node it wants, a browser, and the client's
# own packages. Run it again at will: what is there is left alone. The first time takes about three minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
exec </dev/null

debian=(chromium fonts-dejavu-core git pkg-config python3 g++ make libkrb5-dev libsecret-1-dev libx11-dev libxkbfile-dev)
if ! dpkg --status "${debian[@]}" >/dev/null 2>&1; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${debian[@]}"
fi

# install FOLDER: its packages, unless they are those of its lock file already
install() {
  cmp --silent "$1/package-lock.json" "$1/node_modules/.installed" && return
  npm ci --prefix "$1" --no-audit --no-fund --ignore-scripts
  [ "$1" = . ] && finish_code_server
  cp "$1/package-lock.json" "$1/node_modules/.installed" # last, so that half an installation is done again
}

# code-server compiles its native modules for the Node that it runs on: a package, like everything else
finish_code_server() {
  local node24="$PWD/node_modules/node-linux-$(node -p process.arch)"
  (
    export PATH="$node24/bin:$PATH" npm_config_nodedir="$node24"
    export npm_config_user_agent="npm/$(npm --version) node/$(node --version)"
    cd node_modules/code-server && sh ./postinstall.sh
  )
}

install ..
install .
