#!/usr/bin/env bash
# Puts the ps plugin into a directory, into a Debian package, in the place of the stock plugin of a Dokku host, or into a
# stand-in host to try it on: plugins/installer/usage.txt has all of it.
#
# What it does on a host is done by the installer (plugins/installer), a program that comes with each built plugin tree.
# This script finds one, or builds it first, and starts it. Needs bash and coreutils; cargo where there is no built tree.
set -eo pipefail
umask 022

SOURCE="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
readonly SOURCE
PROFILE="${PS_PROFILE:-dist}"
MODE=
TREE=
CHILD=

warn() { echo " !     $*" >&2; }

fail() {
  warn "$*"
  exit 1
}

bad_usage() {
  warn "$*"
  cat "$SOURCE/plugins/installer/usage.txt" >&2
  exit 2
}

set_mode() {
  [[ -z "$MODE" ]] || bad_usage "--into, --package, --uninstall and --sandbox exclude each other"
  MODE="$1"
}

# Only what must be known here; the installer reads the same words.
parse_options() {
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --into | --sandbox | --tree | --demo)
        [[ -n "$2" ]] || bad_usage "$1 needs a value"
        case "$1" in
          --tree) TREE="$(realpath -m -- "$2")" ;;
          --demo) ;;
          *) set_mode "$1" ;;
        esac
        shift
        ;;
      --package)
        set_mode "$1"
        [[ -z "$2" || "$2" == --* ]] || shift
        ;;
      --uninstall) set_mode "$1" ;;
      --yes | --no-watch) ;;
      --help)
        cat "$SOURCE/plugins/installer/usage.txt"
        exit 0
        ;;
      *) bad_usage "Unknown option: $1" ;;
    esac
    shift
  done
}

# The installer of the tree that is named; to uninstall, that of the tree that is installed, wherever a run that was
# killed has left it. It needs no cargo.
built_installer() {
  local lib="${DOKKU_LIB_ROOT:-/var/lib/dokku}" tree
  local -a trees=("$TREE")
  [[ "$MODE" != --uninstall ]] || trees+=("$lib/core-plugins/available/ps" "$lib/ps-plugin/"{previous,new,older,stock})
  for tree in "${trees[@]}"; do
    [[ -n "$tree" && -x "$tree/installer" && -f "$tree/installer" ]] || continue
    echo "$tree/installer"
    return 0
  done
}

# Runs a program in the background, so that a signal to this script ends it at once.
attend() {
  local status=0
  trap 'STOPPED=129; kill "$CHILD"' HUP
  trap 'STOPPED=130; kill "$CHILD"' INT
  trap 'STOPPED=143; kill "$CHILD"' TERM
  "$@" </dev/null &
  CHILD=$!
  wait "$CHILD" || status=$?
  if [[ -n "$STOPPED" ]]; then
    wait "$CHILD" || true
    exit "$STOPPED"
  fi
  trap - HUP INT TERM
  return "$status"
}

# cargo and rustup take toolchain and settings from the folder they run in.
build_installer() {
  local triple installed hint="The build failed"
  triple="$(uname -m)-unknown-linux-musl"
  export PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
  command -v cargo >/dev/null || fail "cargo is needed to build the plugin; see https://rustup.rs"
  CARGO_TARGET_DIR="$(realpath -m -- "${CARGO_TARGET_DIR:-$SOURCE/target}")"
  export CARGO_TARGET_DIR
  command -v cc >/dev/null || hint="There is no C compiler; cargo links with cc (on Debian: apt-get install gcc). $hint"
  echo "-----> Building the installer (profile $PROFILE); the first time it takes a minute"
  pushd "$SOURCE" >/dev/null
  if command -v rustup >/dev/null; then
    installed=$'\n'"$(rustup target list --installed)"$'\n'
    [[ "$installed" == *$'\n'"$triple"$'\n'* ]] || attend rustup target add "$triple" || fail "$hint"
  fi
  attend cargo build --locked --profile "$PROFILE" -p ps-installer --target "$triple" || fail "$hint"
  popd >/dev/null
  # The folder of profile dev is called debug.
  [[ "$PROFILE" != dev ]] || PROFILE=debug
  INSTALLER="$CARGO_TARGET_DIR/$triple/$PROFILE/ps-installer"
}

parse_options "$@"
[[ "$MODE" != --sandbox ]] || exec "$SOURCE/tests/host/sandbox" "$@"
INSTALLER="$(built_installer)"
[[ -n "$INSTALLER" ]] || build_installer
exec "$INSTALLER" --source "$SOURCE" "$@"
