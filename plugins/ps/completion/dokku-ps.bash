# shellcheck shell=bash
# Completion of `dokku ps` for bash. It belongs to the ps plugin, whose install.sh replaces and removes it.

# The function that has completed `dokku` before: it goes on doing so for all other commands.
_dokku_ps_other="${_dokku_ps_other-}"

# Where the package dokku has a completion of its own, this file lies where bash reads it at its start, and calls that one.
_dokku_ps_prefix="${BASH_SOURCE[0]%/etc/bash_completion.d/dokku-ps}"
if [[ "$_dokku_ps_prefix" != "${BASH_SOURCE[0]}" && -r "$_dokku_ps_prefix/usr/share/bash-completion/completions/dokku" ]]; then
  # shellcheck source=/dev/null
  source "$_dokku_ps_prefix/usr/share/bash-completion/completions/dokku"
fi
unset _dokku_ps_prefix

_dokku_ps() {
  local line="${COMP_LINE:0:COMP_POINT}" words=() position breaks typed
  # COMP_WORDS is cut at each `:` and `=`; the commands of Dokku have words without blanks where this has something to say.
  read -ra words <<<"$line"
  [[ "$line" != *[[:space:]] ]] || words+=("")
  for ((position = 1; position < ${#words[@]}; position++)); do
    case "${words[position]}" in
      --app) position=$((position + 1)) ;;
      --*) ;;
      *) break ;;
    esac
  done
  if [[ "${words[position]-}" != ps && "${words[position]-}" != ps:* ]]; then
    [[ -z "$_dokku_ps_other" ]] || "$_dokku_ps_other" "$@"
    return
  fi
  # Each word behind a `=`, so that Dokku takes none for its own. Without a terminal, so that sudo asks for no password.
  words=("${words[@]:1}")
  mapfile -t COMPREPLY < <(setsid -w dokku --quiet ps:complete "${words[@]/#/=}" </dev/null 2>/dev/null)
  # Outside of a completion, as in a test, there are no options to change.
  compopt +o default +o bashdefault 2>/dev/null
  [[ "${COMPREPLY[0]-}" != *= ]] || compopt -o nospace 2>/dev/null
  # What stands before the last break of the word, readline keeps.
  breaks="${COMP_WORDBREAKS//[^:=]/}"
  typed="${words[-1]}"
  [[ -z "$breaks" ]] || COMPREPLY=("${COMPREPLY[@]#"${typed%"${typed##*["$breaks"]}"}"}")
}

_dokku_ps_register() {
  local registered
  if ! registered="$(complete -p dokku 2>/dev/null)"; then
    complete -o bashdefault -o default -F _dokku_ps dokku
  elif [[ "$registered" =~ ^(.*\ -F\ )([^ ]+)(\ .*)$ && "${BASH_REMATCH[2]}" != _dokku_ps ]]; then
    _dokku_ps_other="${BASH_REMATCH[2]}"
    eval "${BASH_REMATCH[1]}_dokku_ps${BASH_REMATCH[3]}"
  fi
}
_dokku_ps_register
unset -f _dokku_ps_register
