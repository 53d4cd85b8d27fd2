# Prints `type=value` for each process type of the formation in an app.json; `key` is quantity or max_parallel.
# No JSON parser: it finds `"formation"`, matches braces, and reads entries without braces of their own
# (an entry with a nested object is not seen; a string that holds a brace misleads it).
{ text = text $0 " " }
END {
  if (!match(text, /"formation"[ \t]*:[ \t]*\{/)) exit
  rest = substr(text, RSTART + RLENGTH)
  depth = 1
  for (end = 1; end <= length(rest) && depth > 0; end++) {
    character = substr(rest, end, 1)
    if (character == "{") depth++
    if (character == "}") depth--
  }
  rest = substr(rest, 1, end - 2)
  while (match(rest, /"[A-Za-z0-9_-]+"[ \t]*:[ \t]*\{[^{}]*\}/)) {
    entry = substr(rest, RSTART, RLENGTH)
    rest = substr(rest, RSTART + RLENGTH)
    type = entry
    sub(/^"/, "", type)
    sub(/".*$/, "", type)
    if (match(entry, "\"" key "\"[ \t]*:[ \t]*[0-9]+")) {
      value = substr(entry, RSTART, RLENGTH)
      sub(/^.*:[ \t]*/, "", value)
      print type "=" value
    }
  }
}
