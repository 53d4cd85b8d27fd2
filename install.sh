#!/usr/bin/env bash
# Builds the ps plugin and puts it where it belongs: into a directory, in the place of the stock plugin of a
# Dokku host, or into a stand-in host to try it on. See usage below.
#
# On a host every change has an undo, noted when the change is made. Whatever ends the script before the last
# check has passed (a failed step, a signal), the exit trap runs the undos backwards. A signal is only noted,
# and looked at between two steps, so no step is cut in half. After a kill -9 the next run mends what is left
# (see recover). The service of ps:watch is no part of this: it is started when all has succeeded, and removed likewise.
#
# Needs bash, coreutils, awk and flock; cargo to build.
set -eo pipefail
umask 022

SOURCE="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
readonly SOURCE
readonly OLDEST_MINOR=38
readonly SPACE_KB=51200
readonly WATCH=dokku-ps-watch
# More than TimeoutStopSec of the unit.
readonly SYSTEMCTL_SECONDS=120
export PS_INSTALL_RUNNING=1

MODE=install
DIR=
TREE=
DEMO=
YES=
NO_WATCH=
UNDO=()
TEMPORARY=()
CHILD=
INTERRUPTED=
LOG=
LOCKED=

usage() {
  cat <<'EOF'
Usage: ./install.sh                     build, and replace the stock ps plugin of this Dokku host
       ./install.sh --uninstall         put the stock ps plugin back
       ./install.sh --into DIR          build, and put the plugin tree into DIR, nothing else
       ./install.sh --sandbox DIR       build, and make a stand-in host with a demo app in DIR
Options:
       --yes            install and start Docker for the sandbox without asking
       --tree TREE      use an already built plugin tree instead of building
       --demo BINARY    use an already built demo program for the sandbox
       --no-watch       install no systemd unit that keeps ps:watch running, and remove the one that is there
       --help           this text
Environment:
       DOKKU_LIB_ROOT (/var/lib/dokku)   DOKKU_ROOT (home of the user)   DOKKU_BIN (dokku)
       DOKKU_SYSTEM_USER (dokku)         DOKKU_SYSTEM_GROUP (its group)
       PS_SHARE (/usr/share): where completion and manual pages go
       PS_SYSTEMD_UNITS (/etc/systemd/system): where the unit of ps:watch goes
       PS_SYSTEMD_RUN (/run/systemd/system): the folder that is there where systemd runs
       PS_PROFILE (dist)   CARGO_TARGET_DIR (target)
       PS_SYSTEMCTL (systemctl)   PS_DPKG (dpkg)   PS_DPKG_DIVERT (dpkg-divert)
EOF
}

info() { echo "-----> $*"; }
verbose() { echo "       $*"; }
warn() { echo " !     $*" >&2; }

fail() {
  warn "$*"
  exit 1
}

bad_usage() {
  warn "$*"
  usage >&2
  exit 2
}

# --- Options ---

set_mode() {
  [[ "$MODE" == install ]] || bad_usage "--into, --uninstall and --sandbox exclude each other"
  MODE="$1"
}

parse_options() {
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --into | --sandbox | --tree | --demo)
        [[ -n "$2" ]] || bad_usage "$1 needs a value"
        parse_value "$1" "$2"
        shift
        ;;
      --uninstall) set_mode uninstall ;;
      --yes) YES=yes ;;
      --no-watch) NO_WATCH=yes ;;
      --help)
        usage
        exit 0
        ;;
      *) bad_usage "Unknown option: $1" ;;
    esac
    shift
  done
}

parse_value() {
  case "$1" in
    --tree) TREE="$(realpath -m -- "$2")" ;;
    --demo) DEMO="$(realpath -m -- "$2")" ;;
    *)
      set_mode "${1#--}"
      DIR="$(realpath -m -- "$2")"
      ;;
  esac
}

# --- Signals, undo, renames ---

on_signal() {
  INTERRUPTED="$1"
  [[ -z "$CHILD" ]] || kill -TERM "$CHILD" 2>/dev/null || true
}

stop_if_interrupted() {
  case "$INTERRUPTED" in
    '') return 0 ;;
    HUP) warn "Interrupted by SIGHUP" && exit 129 ;;
    INT) warn "Interrupted by SIGINT" && exit 130 ;;
    *) warn "Interrupted by SIG$INTERRUPTED" && exit 143 ;;
  esac
}

# Runs a program with a limit in seconds (0: none). It runs in the background, in a process group of its own
# that timeout makes, so that a signal to this script ends it at once. The caller then stops.
attend() {
  local status=0
  timeout -k 5 "$@" </dev/null &
  CHILD=$!
  [[ -z "$INTERRUPTED" ]] || kill -TERM "$CHILD" 2>/dev/null || true
  wait "$CHILD" || status=$?
  [[ -z "$INTERRUPTED" ]] || wait "$CHILD" || true
  CHILD=
  return "$status"
}

# attend, with the output kept back and shown only when the program fails.
attend_quietly() { attend_or_warn "$@" || exit 1; }

attend_or_warn() {
  local what="$1" status=0
  shift
  attend "$@" >"$LOG" 2>&1 || status=$?
  stop_if_interrupted
  [[ "$status" -ne 0 ]] || return 0
  warn "$what failed with status $status"
  show_log
  return 1
}

show_log() { awk '{ print " !     " $0 }' "$LOG" >&2; }

undo_with() {
  local line
  printf -v line '%q ' "$@"
  UNDO+=("$line")
}

roll_back() {
  local index failed=0
  [[ ${#UNDO[@]} -gt 0 ]] || return 0
  warn "Putting back what was there"
  for ((index = ${#UNDO[@]} - 1; index >= 0; index--)); do
    eval "${UNDO[index]}" >/dev/null && continue
    warn "Could not do this, please do it by hand: ${UNDO[index]}"
    failed=1
  done
  UNDO=()
  return "$failed"
}

on_exit() {
  local status=$?
  trap '' INT TERM HUP
  set +e
  # When something could not be put back, it may lie in one of the temporary places: leave them.
  if roll_back; then
    [[ ${#TEMPORARY[@]} -eq 0 ]] || rm -rf -- "${TEMPORARY[@]}"
  fi
  [[ -z "$LOCKED" ]] || rmdir -- "$KEEP" 2>/dev/null
  exit "$status"
}

set_traps() {
  trap on_exit EXIT
  trap 'on_signal INT' INT
  trap 'on_signal TERM' TERM
  trap 'on_signal HUP' HUP
}

# Ctrl-C at a terminal reaches every process of the group; mv must not hear it.
rename() { (
  trap '' INT TERM HUP
  exec mv -T -- "$1" "$2"
); }

exchange() { (
  trap '' INT TERM HUP
  exec mv --exchange -T -- "$1" "$2"
); }

can_exchange() { [[ "$(mv --help 2>/dev/null)" == *--exchange* ]]; }

# Puts the tree NEW in the place of LIVE and LIVE at ASIDE. With mv --exchange there is no moment without a
# live tree; file systems that cannot do it fall back to two renames.
swap_in() {
  local new="$1" live="$2" aside="$3"
  if can_exchange && exchange "$new" "$live" 2>/dev/null; then
    undo_with exchange "$new" "$live"
    rename "$new" "$aside"
    undo_with rename "$aside" "$new"
  else
    rename "$live" "$aside"
    undo_with rename "$aside" "$live"
    rename "$new" "$live"
    undo_with rename "$live" "$new"
  fi
}

# --- The list of executables, the build, the tree ---

# One line for each entry of the [[bin]] table: the target's name, a tab, the name it is installed under.
executables() {
  awk '
    function flush() {
      if ((name == "") != (path == "")) { print "a [[bin]] without name or path: " name path > "/dev/stderr"; exit 1 }
      if (name != "") print name "\t" path
      name = path = ""
    }
    /^\[/ { flush(); bin = ($1 == "[[bin]]"); next }
    bin && /^name *=/ { split($0, part, "\""); name = part[2] }
    bin && /^path *=/ { split($0, part, "\""); path = part[2]; sub(/\.rs$/, "", path); sub(/^triggers\//, "", path) }
    END { flush() }
  ' "$SOURCE/plugins/ps/Cargo.toml"
}

installed_executables() { executables | cut -f 2; }

# Each command has a manual page but the one that only shells call; that of `ps` is the overview.
installed_pages() {
  installed_executables | awk -F / '
    $1 == "subcommands" && $2 != "complete" { print "man/dokku-ps" ($2 == "default" ? "" : "-" $2) ".1" }
  '
}

# What a tree holds besides executables.
installed_texts() {
  printf '%s\n' plugin.toml functions completion/dokku-ps.bash completion/_dokku
  installed_pages
}

is_ours() {
  [[ -f "$1/plugin.toml" ]] && awk '$1 == "[replacement]" { found = 1 } END { exit !found }' "$1/plugin.toml"
}

is_stock() { [[ -f "$1/plugin.toml" ]] && ! is_ours "$1"; }

target_triple() { echo "$(uname -m)-unknown-linux-musl"; }

# Where cargo leaves the executables: the folder of profile dev is called debug.
built_dir() {
  local profile="${PS_PROFILE:-dist}"
  [[ "$profile" != dev ]] || profile=debug
  echo "$CARGO_TARGET_DIR/$(target_triple)/$profile"
}

find_cargo() {
  export PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
  command -v cargo >/dev/null || fail "cargo is needed to build the plugin; see https://rustup.rs"
  CARGO_TARGET_DIR="$(realpath -m -- "${CARGO_TARGET_DIR:-$SOURCE/target}")"
  export CARGO_TARGET_DIR
}

ensure_target() {
  local installed
  command -v rustup >/dev/null || return 0
  installed=$'\n'"$(rustup target list --installed)"$'\n'
  [[ "$installed" == *$'\n'"$(target_triple)"$'\n'* ]] || attend 0 rustup target add "$(target_triple)" || build_failed
}

# Arguments: those that select what to build.
build() {
  find_cargo
  info "Building (profile ${PS_PROFILE:-dist}): $*"
  # cargo and rustup take toolchain and settings from the folder they run in.
  cd "$SOURCE"
  ensure_target
  attend 0 cargo build --locked --profile "${PS_PROFILE:-dist}" "$@" --target "$(target_triple)" || build_failed
  cd "$OLDPWD"
}

build_failed() {
  stop_if_interrupted
  command -v cc >/dev/null || warn "There is no C compiler; cargo links with cc (on Debian: apt-get install gcc)"
  fail "The build failed"
}

build_tree() {
  [[ -z "$TREE" ]] || return 0
  build -p ps -p ps-manual
  attend 60 "$(built_dir)/ps-manual" "$(built_dir)/man" || fail "The manual pages could not be made"
  stop_if_interrupted
}

# Where a text of the tree is, before the tree is made.
source_of() {
  if [[ -n "$TREE" ]]; then
    echo "$TREE/$1"
  elif [[ "$1" == man/* ]]; then
    echo "$(built_dir)/$1"
  else
    echo "$SOURCE/plugins/ps/$1"
  fi
}

# Copies the plugin tree into the new folder INTO: what the lists name, nothing else.
assemble() {
  local into="$1" list texts name path file
  list="$(executables)"
  texts="$(installed_texts)"
  mkdir "$into"
  while IFS=$'\t' read -r name path; do
    file="$TREE/$path"
    [[ -n "$TREE" ]] || file="$(built_dir)/$name"
    put 0755 "$file" "$into/$path"
  done <<<"$list"
  while read -r name; do
    put 0644 "$(source_of "$name")" "$into/$name"
  done <<<"$texts"
  is_ours "$into" || fail "${TREE:-$SOURCE/plugins/ps}/plugin.toml has no table [replacement]: not a tree of this plugin"
}

put() {
  [[ -f "$2" ]] || fail "$2 is missing"
  install -D -m "$1" -- "$2" "$3"
}

# --- --into DIR ---

refuse_unless_replaceable() {
  local dir="$1"
  [[ -e "$dir" ]] || return 0
  [[ -d "$dir" ]] || fail "$dir is not a directory"
  [[ -n "$(ls -A -- "$dir")" ]] || return 0
  [[ -f "$dir/plugin.toml" ]] || fail "$dir is not empty and no plugin tree (it has no plugin.toml)"
  [[ ! -e "$dir/Cargo.toml" && ! -e "$dir/.git" ]] || fail "$dir holds sources; it is not replaced"
}

# The tree is made beside DIR and swapped in, so a reader sees the old or the new one, and no stale file is left.
put_tree_into() {
  local dir="$1" stage
  refuse_unless_replaceable "$dir"
  mkdir -p -- "${dir%/*}/"
  stage="$(mktemp -d -- "${dir%/*}/.ps-tree.XXXXXX")"
  TEMPORARY+=("$stage")
  assemble "$stage/new"
  if [[ -e "$dir" ]]; then
    swap_in "$stage/new" "$dir" "$stage/old"
  else
    rename "$stage/new" "$dir"
    undo_with rename "$dir" "$stage/new"
  fi
  stop_if_interrupted
  UNDO=()
}

run_into() {
  refuse_unless_replaceable "$DIR"
  build_tree
  put_tree_into "$DIR"
  info "The plugin tree is in $DIR"
}

# --- A Dokku host: where things are, and what must hold ---

home_of() {
  local home
  [[ "$1" =~ ^[a-z_][a-z0-9_-]*$ ]] || fail "Not a user name: $1"
  eval "home=~$1"
  [[ "$home" == /* ]] || home=/home/dokku
  echo "$home"
}

require_host() {
  [[ "$EUID" -eq 0 ]] || fail "This must be run as root"
  LIB="$(realpath -sm -- "${DOKKU_LIB_ROOT:-/var/lib/dokku}")"
  USER_NAME="${DOKKU_SYSTEM_USER:-dokku}"
  id -u "$USER_NAME" >/dev/null 2>&1 || fail "There is no user $USER_NAME: not a Dokku host"
  GROUP_NAME="${DOKKU_SYSTEM_GROUP:-$(id -gn "$USER_NAME")}"
  APPS="${DOKKU_ROOT:-$(home_of "$USER_NAME")}"
  DOKKU="$(command -v -- "${DOKKU_BIN:-dokku}")" || fail "dokku is not on the PATH: not a Dokku host"
  DPKG="${PS_DPKG:-dpkg}"
  DPKG_DIVERT="${PS_DPKG_DIVERT:-dpkg-divert}"
  SHARE="$(realpath -sm -- "${PS_SHARE:-/usr/share}")"
  SYSTEMCTL="${PS_SYSTEMCTL:-systemctl}"
  UNIT="$(realpath -sm -- "${PS_SYSTEMD_UNITS:-/etc/systemd/system}")/$WATCH.service"
  LIVE="$LIB/core-plugins/available/ps"
  [[ -d "$LIB/core-plugins/available" ]] || fail "$LIB/core-plugins/available is missing: not a Dokku host"
  set_environment
}

# The variables of a Dokku command, as `dokku` sets them, but for what only builders read, and for DOKKU_PID: each
# command has its own.
set_environment() {
  local labels="--label=org.label-schema.schema-version=1.0 --label=org.label-schema.vendor=dokku --label=dokku"
  local logs="${DOKKU_LOGS_DIR:-/var/log/dokku}"
  ENVIRONMENT=(
    DOKKU_ROOT="$APPS" DOKKU_LIB_ROOT="$LIB" DOKKU_HOST_ROOT="${DOKKU_HOST_ROOT:-$APPS}"
    DOKKU_SYSTEM_USER="$USER_NAME" DOKKU_SYSTEM_GROUP="$GROUP_NAME" DOKKU_DISTRO="${DOKKU_DISTRO:-$(distribution)}"
    DOKKU_NOT_IMPLEMENTED_EXIT=10 DOKKU_VALID_EXIT=0 DOKKU_API_VERSION=1
    DOKKU_LOGS_DIR="$logs" DOKKU_LOGS_HOST_DIR="${DOKKU_LOGS_HOST_DIR:-$logs}"
    DOKKU_EVENTS_LOGFILE="${DOKKU_EVENTS_LOGFILE:-$logs/events.log}"
    DOCKER_BIN="${DOCKER_BIN:-docker}" DOKKU_CONTAINER_LABEL=dokku DOKKU_GLOBAL_RUN_ARGS="${DOKKU_GLOBAL_RUN_ARGS:-$labels}"
    PLUGIN_PATH="$LIB/plugins" PLUGIN_AVAILABLE_PATH="$LIB/plugins/available" PLUGIN_ENABLED_PATH="$LIB/plugins/enabled"
    PLUGIN_CORE_PATH="$LIB/core-plugins" PLUGIN_CORE_AVAILABLE_PATH="$LIB/core-plugins/available"
    PLUGIN_CORE_ENABLED_PATH="$LIB/core-plugins/enabled"
  )
}

# shellcheck disable=SC1091
distribution() { (. /etc/os-release >/dev/null 2>&1 && echo "$ID") || true; }

# Everything that is kept lies beside core-plugins, not in it: the Debian package enables every real directory
# of core-plugins/available. One file system, so that a rename is enough.
open_keep() {
  KEEP="$LIB/ps-plugin"
  STOCK="$KEEP/stock"
  mkdir -p -- "$KEEP"
  exec 8<"$KEEP"
  flock -n 8 || fail "Another install.sh is at work on this host"
  LOCKED=yes
  LOG="$KEEP/log"
  install -m 0600 /dev/null "$LOG"
  TEMPORARY+=("$LOG" "$KEEP/new" "$KEEP/link" "$KEEP/shared" "$KEEP/unit")
  [[ "$(stat -c %d -- "$KEEP")" == "$(stat -c %d -- "${LIVE%/*}")" ]] || fail "$KEEP and ${LIVE%/*} are on different file systems"
}

# What a run that was killed left behind. Each tree lies in one of a few places, and says itself whether it is
# ours. First the live one comes back, then the stock one; the rest is of no use.
recover() {
  local name
  if [[ ! -e "$LIVE" && ! -L "$LIVE" ]]; then
    for name in previous stock older; do
      [[ -f "$KEEP/$name/plugin.toml" ]] || continue
      warn "An earlier run was interrupted; putting $KEEP/$name back"
      rename "$KEEP/$name" "$LIVE"
      break
    done
  fi
  if is_ours "$LIVE" && ! is_stock "$STOCK"; then
    for name in new previous older; do
      is_stock "$KEEP/$name" || continue
      rm -rf -- "$STOCK"
      rename "$KEEP/$name" "$STOCK"
      break
    done
  fi
  [[ ! -f "$LIVE/plugin.toml" ]] || rm -rf -- "$KEEP/new" "$KEEP/previous" "$KEEP/older" "$KEEP/link"
  rm -rf -- "$KEEP/shared" "$KEEP/unit" "${UNIT%/*}/.ps-plugin-new" \
    "$SHARE"/{bash-completion/completions,zsh/vendor-completions,man/man1}/.ps-plugin-new
}

require_live_tree() {
  [[ -d "$LIVE" && ! -L "$LIVE" && -f "$LIVE/plugin.toml" ]] || fail "$LIVE is not the directory of a plugin: the stock ps is missing"
}

require_version() {
  local file text
  for file in "$LIB/STABLE_VERSION" "$LIB/VERSION"; do
    [[ -r "$file" ]] || continue
    text="$(<"$file")"
    [[ "$text" =~ ^v?([0-9]+)\.([0-9]+)\.[0-9]+ ]] || continue
    if ((10#${BASH_REMATCH[1]} > 0 || 10#${BASH_REMATCH[2]} >= OLDEST_MINOR)); then
      return 0
    fi
    fail "This host runs Dokku $text; the plugin speaks to 0.$OLDEST_MINOR.0 and newer, whose triggers and files differ"
  done
  fail "Cannot tell the version of Dokku from $LIB/STABLE_VERSION or $LIB/VERSION"
}

require_space() {
  local free
  free="$(df -Pk -- "$LIB" | awk 'NR == 2 { print $4 }')"
  [[ "$free" -ge "$SPACE_KB" ]] || fail "$LIB has $free KB free, $SPACE_KB KB are needed"
}

# The lock file is opened, never made: a file that is there says to Dokku that the app is locked.
lock_is_held() {
  local held=no
  { flock -n -s 9 || held=yes; } 2>/dev/null 9<"$1" || true
  [[ "$held" == yes ]]
}

refuse_running_deploys() {
  local lock app
  for lock in "$LIB"/data/apps/*/.deploy.lock; do
    [[ -f "$lock" ]] || continue
    lock_is_held "$lock" || continue
    app="${lock%/.deploy.lock}"
    fail "App ${app##*/} is being deployed; try again when that is done"
  done
}

# --- A Dokku host: links, diversions, checks ---

place_link() {
  rm -f -- "$KEEP/link"
  ln -s -- "$1" "$KEEP/link"
  chown -h -- "$USER_NAME:$GROUP_NAME" "$KEEP/link"
  rename "$KEEP/link" "$2"
}

# A real directory or file in a link's place is kept, with a number when the name is taken.
keep_aside() {
  local path="$1" kept number=1
  kept="${path#"$LIB"/}"
  kept="$KEEP/kept-${kept//\//-}"
  while [[ -e "$kept.$number" || -L "$kept.$number" ]]; do
    number=$((number + 1))
  done
  info "$path is no link; keeping it as $kept.$number"
  rename "$path" "$kept.$number"
  undo_with rename "$kept.$number" "$path"
}

ensure_link() {
  local link="$LIB/$1" target="$LIB/$2"
  [[ ! -L "$link" || "$(readlink -f -- "$link")" != "$(readlink -f -- "$LIVE")" ]] || return 0
  mkdir -p -- "${link%/*}"
  if [[ -L "$link" ]]; then
    undo_with place_link "$(readlink -- "$link")" "$link"
  else
    [[ ! -e "$link" ]] || keep_aside "$link"
    undo_with rm -f -- "$link"
  fi
  place_link "$target" "$link"
}

# plugins/available first: plugins/enabled is right only when that is.
ensure_links() {
  ensure_link plugins/available/ps core-plugins/available/ps
  ensure_link plugins/enabled/ps plugins/available/ps
  ensure_link core-plugins/enabled/ps core-plugins/available/ps
}

# The files of the Debian package below the live tree, relative to it; nothing when dokku is no Debian package here.
packaged_files() {
  local listing status=0
  command -v -- "$DPKG_DIVERT" >/dev/null || return 0
  listing="$(LC_ALL=C "$DPKG" -L dokku 2>/dev/null)" || status=$?
  [[ "$status" -ne 1 ]] || return 0
  [[ "$status" -eq 0 ]] || fail "$DPKG -L dokku failed with status $status"
  awk -v root="$LIVE/" '
    index($0, root) != 1 { next }
    {
      path = substr($0, length(root) + 1)
      paths[path]
      while (sub(/\/[^\/]*$/, "", path)) directory[path]
    }
    END { for (path in paths) if (!(path in directory)) print path }
  ' <<<"$listing" | LC_ALL=C sort
}

# Our diversions, relative to the live tree.
diversions() {
  local listing
  command -v -- "$DPKG_DIVERT" >/dev/null || return 0
  listing="$(LC_ALL=C "$DPKG_DIVERT" --list)" || fail "$DPKG_DIVERT --list failed"
  awk -v head="local diversion of $LIVE/" -v tail=" to $STOCK/" '
    index($0, head) == 1 && (at = index($0, tail)) { print substr($0, length(head) + 1, at - length(head) - 1) }
  ' <<<"$listing"
}

divert() {
  (
    trap '' INT TERM HUP
    exec "$DPKG_DIVERT" --no-rename --divert "$STOCK/$2" "$1" "$LIVE/$2" >"$LOG" 2>&1
  ) && return 0
  warn "dpkg-divert $1 $LIVE/$2 failed"
  show_log
  return 1
}

make_parent() {
  local parent="${1%/*}"
  [[ ! -d "$parent" ]] || return 0
  mkdir -p -- "$parent"
  undo_with rmdir -p --ignore-fail-on-non-empty -- "$parent"
}

# dpkg goes on writing the stock files, into the kept tree. Our own names are diverted too, so that a later
# package which brings one of them does not write over ours. dpkg makes no parents for a diverted file.
add_diversions() {
  local packaged names known name
  packaged="$(packaged_files)"
  [[ -n "$packaged" ]] || return 0
  known=$'\n'"$(diversions)"$'\n'
  names="$(installed_executables)"
  info "Diverting the files of the dokku package to $STOCK"
  while read -r name; do
    [[ "$known" != *$'\n'"$name"$'\n'* ]] || continue
    [[ -L "$STOCK/$name" || ! -d "$STOCK/$name" ]] || continue
    make_parent "$STOCK/$name"
    divert --add "$name" || exit 1
    undo_with divert --remove "$name"
    stop_if_interrupted
  done < <(LC_ALL=C sort -u <<<"$packaged"$'\n'"$names"$'\nplugin.toml\nfunctions')
}

remove_diversions() {
  local known name
  known="$(diversions)"
  [[ -n "$known" ]] || return 0
  info "Removing the diversions of the dokku package"
  while read -r name; do
    divert --remove "$name" || exit 1
    undo_with divert --add "$name"
    stop_if_interrupted
  done <<<"$known"
}

# Files that a newer package brought, of names that were not diverted, lie in our tree: they belong to the stock one.
adopt_packaged_files() {
  local packaged ours name
  is_ours "$LIVE" && [[ -d "$STOCK" ]] || return 0
  packaged="$(packaged_files)"
  ours=$'\n'"$(installed_executables && installed_texts)"$'\n'
  while read -r name; do
    [[ -n "$name" && "$ours" != *$'\n'"$name"$'\n'* ]] || continue
    [[ ! -e "$STOCK/$name" && ! -L "$STOCK/$name" ]] || continue
    [[ -f "$LIVE/$name" || -L "$LIVE/$name" ]] || continue
    make_parent "$STOCK/$name"
    undo_with rm -f -- "$STOCK/$name"
    cp -a -- "$LIVE/$name" "$STOCK/$name"
  done <<<"$packaged"
}

# --- A Dokku host: completion and manual pages, where shells and man look for them ---

# One line for each: the file in the live tree, a tab, where it goes.
shared_files() {
  printf '%s\t%s\n' completion/dokku-ps.bash "$SHARE/bash-completion/completions/dokku" \
    completion/_dokku "$SHARE/zsh/vendor-completions/_dokku"
  installed_pages | awk -v share="$SHARE" '{ print $0 "\t" share "/man/man1" substr($0, 4) }'
}

# Each of ours says so near its top. One of a package, or of the user, does not, and is left alone.
is_our_shared_file() {
  [[ -f "$1" && ! -L "$1" ]] && awk '
    /It belongs to the ps plugin, whose install.sh replaces and removes it\.$/ { found = 1; exit }
    NR == 3 { exit }
    END { exit !found }
  ' "$1"
}

# All of ours that are there, also of commands that there are no more.
our_shared_files() {
  local path
  for path in "$SHARE/bash-completion/completions/dokku" "$SHARE/zsh/vendor-completions/_dokku" "$SHARE"/man/man1/dokku-ps*.1; do
    ! is_our_shared_file "$path" || echo "$path"
  done
}

# In one rename: a shell reads the old file or the new one.
write_shared_file() {
  local stage="${2%/*}/.ps-plugin-new"
  install -D -m 0644 -- "$1" "$stage"
  rename "$stage" "$2"
}

undo_change_of() {
  local kept="$KEEP/shared/${#UNDO[@]}"
  mkdir -p -- "$KEEP/shared"
  cp -p -- "$1" "$kept"
  undo_with write_shared_file "$kept" "$1"
}

remove_shared_file() {
  undo_change_of "$1"
  rm -- "$1"
}

place_shared_files() {
  local list from to
  list="$(shared_files)"
  info "Putting completion and manual pages into $SHARE"
  while IFS=$'\t' read -r from to; do
    if [[ ! -e "$to" && ! -L "$to" ]]; then
      make_parent "$to"
      undo_with rm -f -- "$to"
    elif ! is_our_shared_file "$to"; then
      warn "$to is not of this plugin, and stays"
      continue
    elif [[ "$(<"$to")" == "$(<"$LIVE/$from")" ]]; then
      continue
    else
      undo_change_of "$to"
    fi
    write_shared_file "$LIVE/$from" "$to"
    stop_if_interrupted
  done <<<"$list"
  while read -r to; do
    [[ $'\n'"$list"$'\n' == *$'\t'"$to"$'\n'* ]] || remove_shared_file "$to"
  done < <(our_shared_files)
}

remove_shared_files() {
  local path
  while read -r path; do
    remove_shared_file "$path"
    rmdir -p --ignore-fail-on-non-empty -- "${path%/*}"
    stop_if_interrupted
  done < <(our_shared_files)
}

# --- A Dokku host: the systemd unit of ps:watch ---

# What fails here is a warning: the plugin works without the watch.
systemd() { attend_or_warn "systemctl $*" "$SYSTEMCTL_SECONDS" "$SYSTEMCTL" "$@"; }

systemd_runs() { [[ -d "${PS_SYSTEMD_RUN:-/run/systemd/system}" ]]; }

# In quotes, so that systemd takes nothing of it for a blank, an escape or a specifier.
quoted_for_systemd() {
  local text="$1" character index quoted=
  for ((index = 0; index < ${#text}; index++)); do
    character="${text:index:1}"
    case "$character" in
      [\"\\]) quoted+="\\$character" ;;
      %) quoted+=%% ;;
      $'\n') quoted+='\n' ;;
      *) quoted+="$character" ;;
    esac
  done
  echo "\"$quoted\""
}

watch_unit() {
  local program="$LIVE/subcommands/watch" assignment
  cat <<EOF
# Keeps ps:watch of Dokku running.
# It belongs to the ps plugin, whose install.sh replaces and removes it.
[Unit]
Description=Dokku: watches the instances of the apps and mends them (ps:watch)
# Nothing ties it to Docker: it lives through a restart of Docker, and does not start one that somebody stopped.
After=docker.service network.target
# Of a plugin that is gone nothing is tried again and again.
ConditionFileIsExecutable=${program//%/%%}

[Service]
Type=exec
User=$USER_NAME
Group=$GROUP_NAME
EOF
  for assignment in "${ENVIRONMENT[@]}"; do
    echo "Environment=$(quoted_for_systemd "$assignment")"
  done
  cat <<EOF
ExecStart=$(quoted_for_systemd "$program") ps:watch
SyslogIdentifier=$WATCH
Restart=always
RestartSec=5
# It passes the signal on itself: what it has started is finished or undone.
KillMode=mixed
TimeoutStopSec=90
# A child that is killed for its memory does not end the watch.
OOMPolicy=continue

[Install]
WantedBy=multi-user.target
EOF
}

# Comes when the checks have passed: the watch never acts with a plugin that may have to go again. Until then the
# one of the plugin before runs on.
install_watch() {
  if [[ -n "$NO_WATCH" || ! -x "$LIVE/subcommands/watch" ]]; then
    remove_watch
  elif ! systemd_runs; then
    info "systemd does not run here: let what keeps services running on this host run \`dokku ps:watch\`"
  elif [[ -e "$UNIT" || -L "$UNIT" ]] && ! is_our_shared_file "$UNIT"; then
    warn "$UNIT is not of this plugin, and stays: nothing was done to have ps:watch run"
  else
    info "Starting ps:watch as the service $WATCH"
    start_watch || warn "ps:watch may not run. When the cause is gone: ./install.sh again, or --no-watch to do without it"
  fi
}

start_watch() {
  watch_unit >"$KEEP/unit" && write_shared_file "$KEEP/unit" "$UNIT" &&
    systemd daemon-reload && systemd enable "$WATCH.service" && systemd restart "$WATCH.service"
}

# Ahead of the swap of the trees. Undone without attend, which lets nothing run after a signal.
stop_watch() {
  is_our_shared_file "$UNIT" && systemd_runs || return 0
  attend "$SYSTEMCTL_SECONDS" "$SYSTEMCTL" is-active "$WATCH.service" >"$LOG" 2>&1 || true
  stop_if_interrupted
  [[ "$(<"$LOG")" == @(active|activating) ]] || return 0
  info "Stopping ps:watch"
  undo_with timeout -k 5 "$SYSTEMCTL_SECONDS" "$SYSTEMCTL" start "$WATCH.service"
  systemd stop "$WATCH.service" || true
}

# The link is what `enable` has made; nobody else removes it where systemd does not run.
remove_watch() {
  is_our_shared_file "$UNIT" || return 0
  info "Removing the service $WATCH"
  ! systemd_runs || systemd disable --now "$WATCH.service" || warn "Should it still run: systemctl stop $WATCH"
  rm -f -- "$UNIT" "${UNIT%/*}/multi-user.target.wants/$WATCH.service"
  ! systemd_runs || systemd daemon-reload || true
}

# As `dokku plugin:install` would: as root, with the environment of a Dokku command.
fire_install_trigger() {
  [[ -x "$LIVE/install" ]] || return 0
  info "Running the plugin's install trigger"
  attend_quietly "The install trigger" 600 env "${ENVIRONMENT[@]}" DOKKU_PID="$$" "$LIVE/install"
  # What it migrated, the user wants to know.
  cat -- "$LOG"
}

first_app() {
  local path name
  for path in "$APPS"/*/; do
    name="${path%/}"
    name="${name##*/}"
    [[ -d "$path" && "$name" =~ ^[a-z0-9][a-z0-9._-]*$ ]] || continue
    echo "$name"
    return 0
  done
}

check_executables() {
  local list name
  list="$(installed_executables)"
  while read -r name; do
    [[ -f "$LIVE/$name" && -x "$LIVE/$name" ]] || fail "Self-check: $LIVE/$name is missing or not executable"
  done <<<"$list"
}

check_commands() {
  local app count
  attend_quietly "Self-check: dokku ps:help" 120 "$DOKKU" ps:help
  count="$(awk '{ count += gsub(/Manage app processes/, "") } END { print count + 0 }' "$LOG")"
  if [[ "$count" -ne 1 ]]; then
    warn "Self-check: dokku ps:help says 'Manage app processes' $count times, not once"
    show_log
    exit 1
  fi
  app="$(first_app)"
  [[ -z "$app" ]] || attend_quietly "Self-check: dokku ps:report $app" 120 "$DOKKU" ps:report "$app"
}

finish() {
  stop_if_interrupted
  UNDO=()
  rm -rf -- "$KEEP/previous" "$KEEP/older"
}

# --- Install and uninstall ---

# Where the live tree goes: the stock one is kept, one of ours only until the checks have passed.
set_aside_place() {
  ASIDE="$KEEP/previous"
  is_stock "$LIVE" || return 0
  ASIDE="$STOCK"
  [[ -e "$STOCK" ]] || return 0
  rename "$STOCK" "$KEEP/older"
  undo_with rename "$KEEP/older" "$STOCK"
}

run_install() {
  require_host
  open_keep
  recover
  require_version
  require_space
  require_live_tree
  refuse_running_deploys
  build_tree
  assemble "$KEEP/new"
  chown -R -- "$USER_NAME:$GROUP_NAME" "$KEEP/new"
  stop_if_interrupted
  refuse_running_deploys
  info "Installing into $LIVE"
  adopt_packaged_files
  set_aside_place
  swap_in "$KEEP/new" "$LIVE" "$ASIDE"
  stop_if_interrupted
  ensure_links
  add_diversions
  place_shared_files
  fire_install_trigger
  check_executables
  check_commands
  finish
  say_installed
  install_watch
}

say_installed() {
  info "The ps plugin is installed and answers"
  if is_stock "$STOCK"; then
    verbose "The stock plugin is kept in $STOCK; ./install.sh --uninstall puts it back"
  else
    warn "No stock plugin is kept in $STOCK, so --uninstall has nothing to put back"
  fi
}

run_uninstall() {
  require_host
  open_keep
  recover
  require_live_tree
  if is_stock "$LIVE"; then
    remove_diversions
    remove_shared_files
    finish
    remove_watch
    info "The stock ps plugin is in place already"
    return 0
  fi
  is_stock "$STOCK" || fail "$STOCK holds no stock plugin; reinstall the dokku package to get it back"
  refuse_running_deploys
  info "Putting the stock ps plugin back into $LIVE"
  stop_watch
  adopt_packaged_files
  note_missing_files
  swap_in "$STOCK" "$LIVE" "$KEEP/previous"
  chown -R -- "$USER_NAME:$GROUP_NAME" "$LIVE"
  stop_if_interrupted
  ensure_links
  remove_diversions
  remove_shared_files
  fire_install_trigger
  check_commands
  finish
  remove_watch
  info "The stock ps plugin is back"
}

note_missing_files() {
  local packaged name
  packaged="$(packaged_files)"
  while read -r name; do
    [[ -z "$name" || -e "$STOCK/$name" || -L "$STOCK/$name" ]] || warn "The package's file $name is not in $STOCK; reinstall the dokku package afterwards"
  done <<<"$packaged"
}

# --- --sandbox DIR ---

docker_answers() { docker info >/dev/null 2>&1; }

# Asks on a terminal; without one, and without --yes, says what to run.
agree() {
  local answer
  [[ -z "$YES" ]] || return 0
  [[ -t 0 ]] || fail "$1 Give --yes, or run: $2"
  # read would go on after a trap, and there is nothing to put back yet.
  trap - INT TERM HUP
  read -r -p "$1 Run \`$2\`? [y/N] " answer || true
  set_traps
  [[ "$answer" == [yY]* ]] || fail "Nothing was done. Run: $2"
}

install_docker() {
  local command="apt-get update && apt-get install -y docker.io"
  command -v apt-get >/dev/null || fail "Docker is missing and this machine has no apt-get; install Docker and try again"
  agree "Docker is missing." "$command"
  [[ "$EUID" -eq 0 ]] || fail "Installing Docker needs root. Run: $command"
  info "Installing docker.io"
  attend 0 apt-get update || fail "apt-get update failed"
  attend 0 env DEBIAN_FRONTEND=noninteractive apt-get install -y docker.io || fail "apt-get install docker.io failed"
  hash -r
}

# setsid and nohup: the daemon outlives this script and its terminal.
start_dockerd() {
  local log="$DIR/dockerd.log" pid waited
  info "Starting dockerd, its log is $log"
  setsid nohup dockerd >"$log" 2>&1 </dev/null &
  pid=$!
  for ((waited = 0; waited < 60; waited++)); do
    ! docker_answers || return 0
    kill -0 "$pid" 2>/dev/null || break
    sleep 1
    stop_if_interrupted
  done
  tail -n 20 -- "$log" | awk '{ print " !     " $0 }' >&2
  fail "dockerd does not answer; its log is $log"
}

# What must be asked is asked before the build; the daemon is started after it, when DIR is a host.
prepare_docker() {
  ! docker_answers || return 0
  [[ -z "$DOCKER_HOST" ]] || fail "No Docker daemon answers at DOCKER_HOST ($DOCKER_HOST)"
  if ! command -v docker >/dev/null || ! command -v dockerd >/dev/null; then
    install_docker
  fi
  ! docker_answers || return 0
  agree "No Docker daemon answers." "dockerd"
  [[ "$EUID" -eq 0 ]] || fail "Starting dockerd needs root. Run: dockerd"
}

build_demo() {
  [[ -z "$DEMO" ]] || return 0
  build -p ps-tests --bin demo
  DEMO="$(built_dir)/demo"
}

# A line of the session: the command as a user types it, then what it prints.
say_dokku() {
  echo "\$ dokku $*"
  "$DIR/dokku" "$@"
}

is_listed() { awk -v app="$1" '$1 == app { found = 1 } END { exit !found }'; }

# One request to each web container, at the address that the host keeps for the proxy.
ask_web_containers() {
  local file index url
  command -v curl >/dev/null || return 0
  for file in "$DIR"/home/demo/IP.web.*; do
    [[ -f "$file" ]] || continue
    index="${file##*.}"
    url="http://$(<"$file"):$(<"$DIR/home/demo/PORT.web.$index")/"
    echo "\$ curl $url"
    curl --silent --show-error --fail --max-time 10 --retry 5 --retry-connrefused "$url"
  done
}

show_session() {
  "$DIR/dokku" apps:list 2>/dev/null | is_listed demo || say_dokku apps:create demo
  if [[ "$("$DIR/dokku" ps:report demo --deployed)" != true ]]; then
    say_dokku deploy-folder demo "$DIR/demo-src"
  fi
  say_dokku ps:scale demo web=2 worker=1
  say_dokku ps:report demo
  ask_web_containers
}

refuse_unless_sandbox() {
  [[ ! -e "$DIR" || -f "$DIR/environment" || -z "$(ls -A -- "$DIR")" ]] || fail "$DIR is neither empty nor a sandbox host"
}

run_sandbox() {
  local work
  refuse_unless_sandbox
  prepare_docker
  build_tree
  build_demo
  work="$(mktemp -d)"
  TEMPORARY+=("$work")
  assemble "$work/tree"
  info "Making the stand-in host in $DIR"
  "$SOURCE/tests/host/make" "$DIR" "$work/tree" "$DEMO"
  docker_answers || start_dockerd
  show_session
  stop_if_interrupted
  info "Try it: $DIR/dokku ps:help"
}

main() {
  parse_options "$@"
  set_traps
  "run_$MODE"
}

main "$@"
