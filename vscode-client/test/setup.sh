#!/usr/bin/env bash
# Installs all that the editor tests need: a real VS Code (code-server), the Node it wants, a browser, and the client's
# own packages. Run it again at will: what is there is left alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
exec </dev/null

debian=(chromium git pkg-config python3 g++ make libkrb5-dev libsecret-1-dev libx11-dev libxkbfile-dev)
if ! dpkg --status "${debian[@]}" >/dev/null 2>&1; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${debian[@]}"
fi

npm ci --prefix .. --no-audit --no-fund

installed=node_modules/.installed # written last, so that half an installation is done again
if ! cmp --silent package-lock.json "$installed"; then
  npm ci --no-audit --no-fund --ignore-scripts
  # Install scripts run here, with the Node and the headers that code-server is made for.
  (cd node_modules/node && [ -x bin/node ] || node installArchSpecificPackage.js)
  export PATH="$PWD/node_modules/.bin:$PWD/node_modules/node/bin:$PATH"
  export npm_config_nodedir="$PWD/node_modules/node" npm_config_user_agent=npm
  (cd node_modules/argon2 && node-gyp-build)
  (cd node_modules/code-server && sh ./postinstall.sh)
  cp package-lock.json "$installed"
fi
node_modules/node/bin/node node_modules/code-server/out/node/entry.js --version
