//! The completion of shells: the functions for bash and zsh, with a `dokku` that starts the real `ps:complete`.

use std::process::Command;

use ps_tests::{Host, Outcome, host, plugin_tree};

/// Takes its own flags away as the real one does, and lets nothing pass that the real one might take for a flag.
const DOKKU: &str = r#"#!/bin/bash
[[ "$1 $2" == "--quiet ps:complete" ]] || exit 9
for word in "${@:3}"; do
  [[ "$word" == =* ]] || { echo "not whole: $word" >>"$DOKKU_ROOT/../not-whole"; exit 9; }
done
echo noise >&2
exec "$PLUGIN_ENABLED_PATH/ps/subcommands/complete" "${@:2}"
"#;

/// What readline does before it calls the function, and what it is given back, a line each.
const BASH: &str = r#"
COMP_WORDBREAKS=$'"\'><=;|&(:'
source "$FILE"
[[ "$(complete -p dokku)" =~ -F\ ([^ ]+) ]]
COMP_LINE="$1" COMP_POINT=${2:-${#1}} COMPREPLY=()
"${BASH_REMATCH[1]}" dokku
[[ ${#COMPREPLY[@]} -eq 0 ]] || printf '%s\n' "${COMPREPLY[@]}"
"#;

/// The same for zsh. Its builtin prints what it is given.
const ZSH: &str = r#"
compadd() {
  [[ "$1" != -S ]] || { print -r -- "without a blank"; shift 2 }
  print -rl -- "${(@P)2}"
}
_default() { print -r -- default }
words=("${(@s: :)1}") CURRENT=$#words PREFIX="$words[-1]"
complete_dokku() { source "$FILE" }
complete_dokku
"#;

fn shop() -> Host {
    let host = host().app("shop").scale("web=2\nworker=0").procfile("web: serve\nworker: work\n");
    host.sandbox().write_script("bin/dokku", DOKKU);
    host.env("PATH", "@ROOT@/bin:/usr/bin:/bin")
}

fn run(host: Host, shell: &str, file: &str, script: &str, line: &[&str]) -> Outcome {
    let file = plugin_tree().join("completion").join(file);
    let host = host.env("FILE", file.to_str().expect("a path of text"));
    let mut command = Command::new(shell);
    command.args(if shell == "zsh" { &["-f", "-c"][..] } else { &["--norc", "-c"] });
    let outcome = host.run_command(line[0], command.arg(script).arg(shell).args(line));
    assert!(!host.sandbox().path("not-whole").exists(), "a word that Dokku may take for its own: {line:?}");
    outcome.succeeds().fires_nothing().changes_no_file()
}

/// What bash puts in the place of what is typed behind the last break.
fn bash(line: &str, wanted: &str) {
    run(shop(), "bash", "dokku-ps.bash", BASH, &[line]).stdout(wanted);
}

#[test]
fn bash_completes_commands_apps_and_words_of_an_app() {
    bash("dokku ps:sc", "scale\n");
    bash("dokku ps:scale ", "shop\n");
    bash("dokku ps:scale sh", "shop\n");
    bash("dokku ps:scale shop ", "web=\nworker=\n");
    bash("dokku ps:restart shop web", "web\nweb.1\nweb.2\n");
    bash("dokku ps:set shop res", "restart-policy\nrestore\nrestart-policy.web\nrestart-policy.worker\n");
    bash("dokku ps:report shop --runn", "--running\n");
    bash("dokku ps sh", "shop\n");
}

#[test]
fn bash_keeps_what_stands_before_a_break_of_the_word() {
    bash("dokku ps:scale --format=", "json\nstdout\n");
    bash("dokku ps:scale shop --current=we", "web=\n");
    bash("dokku ps:", &{
        let all = run(shop(), "bash", "dokku-ps.bash", BASH, &["dokku ps:"]).any_stdout().into_stdout();
        assert!(all.contains("\nscale\n") && !all.contains("ps:"), "{all}");
        all
    });
}

#[test]
fn bash_passes_dokku_s_own_flags_on_as_words() {
    bash("dokku --app shop ps:scale w", "web=\nworker=\n");
    bash("dokku ps:scale --app shop w", "web=\nworker=\n");
    bash("dokku --quiet ps:scale --trace --force shop we", "web=\n");
    bash("dokku ps:restart --all --qui", "");
}

#[test]
fn bash_completes_where_the_cursor_is() {
    run(shop(), "bash", "dokku-ps.bash", BASH, &["dokku ps:sc shop web=2", "11"]).stdout("scale\n");
}

#[test]
fn bash_without_breaks_in_words_has_whole_words() {
    let script = BASH.replace("=;|&(:", ";|&(");
    run(shop(), "bash", "dokku-ps.bash", &script, &["dokku ps:sc"]).stdout("ps:scale\n");
}

#[test]
fn bash_leaves_other_commands_to_whom_they_belong() {
    bash("dokku apps:destroy ", "");
    bash("dokku ", "");
    bash("dokku --app ps ", "");
    let other = format!(
        "theirs() {{ COMPREPLY=(\"theirs $1 $COMP_LINE\"); }}\ncomplete -o nospace -F theirs dokku\n{BASH}complete -p dokku\n"
    );
    let registered = "complete -o nospace -F _dokku_ps dokku\n";
    run(shop(), "bash", "dokku-ps.bash", &other, &["dokku apps:des"])
        .stdout(&format!("theirs dokku dokku apps:des\n{registered}"));
    run(shop(), "bash", "dokku-ps.bash", &other, &["dokku ps:sc"]).stdout(&format!("scale\n{registered}"));
}

#[test]
fn bash_calls_the_completion_that_comes_with_dokku() {
    let script = "at=$(mktemp -d)\nmkdir -p \"$at\"/{usr/share/bash-completion/completions,etc/bash_completion.d}\n\
                  cp \"$FILE\" \"$at/etc/bash_completion.d/dokku-ps\"\n\
                  echo 'theirs() { COMPREPLY=(theirs); }; complete -F theirs dokku' >\"$at/usr/share/bash-completion/completions/dokku\"\n\
                  FILE=$at/etc/bash_completion.d/dokku-ps\n";
    let script = format!("{script}{BASH}rm -r \"$at\"\n");
    run(shop(), "bash", "dokku-ps.bash", &script, &["dokku apps:des"]).stdout("theirs\n");
    run(shop(), "bash", "dokku-ps.bash", &script, &["dokku ps:sc"]).stdout("scale\n");
}

#[test]
fn bash_leaves_a_completion_of_another_kind_as_it_is() {
    let script = "complete -W 'apps:list ps:theirs' dokku\nsource \"$FILE\"\ncomplete -p dokku\n";
    let outcome = run(shop(), "bash", "dokku-ps.bash", script, &["dokku"]);
    outcome.stdout("complete -W 'apps:list ps:theirs' dokku\n");
}

#[test]
fn bash_may_read_it_twice_and_with_unset_variables_refused() {
    let script = format!("set -u\nsource \"$FILE\"\n{BASH}");
    run(shop(), "bash", "dokku-ps.bash", &script, &["dokku ps:sc"]).stdout("scale\n");
    run(shop(), "bash", "dokku-ps.bash", &script, &["dokku --quiet "]).stdout("");
    let other = "theirs() { COMPREPLY=(theirs); }\ncomplete -F theirs dokku\n";
    run(shop(), "bash", "dokku-ps.bash", &format!("{other}{script}"), &["dokku apps:des"]).stdout("theirs\n");
}

#[test]
fn a_dokku_that_fails_has_no_candidates() {
    let host = shop();
    host.sandbox().write_script("bin/dokku", "#!/bin/sh\necho broken >&2\nexit 1\n");
    run(host, "bash", "dokku-ps.bash", BASH, &["dokku ps:sc"]).stdout("");
}

#[test]
fn an_app_that_is_hidden_is_no_candidate() {
    let hiding = || shop().app("secret").answers("user-auth-app", "shop\n");
    run(hiding(), "bash", "dokku-ps.bash", BASH, &["dokku ps:scale "]).stdout("shop\n");
    run(hiding(), "bash", "dokku-ps.bash", BASH, &["dokku ps:scale secret "]).stdout("");
}

#[test]
fn the_info_flags_of_a_report_are_those_that_it_has() {
    let said = shop().command("complete", ["=ps:report", "=shop", "=--"]).succeeds().into_stdout();
    let valid: Vec<&str> = said.lines().filter(|flag| !["--format", "--global"].contains(flag)).collect();
    let message = format!(" !     Invalid flag passed, valid flags: {}\n", valid.join(", "));
    shop().command("report", ["shop", "--no-such-flag"]).fails(1).stderr(&message);
}

#[test]
fn what_is_no_command_line_is_answered_by_silence() {
    let nonsense: [&[&str]; 5] =
        [&[], &["--app"], &["ps:scale", "shop"], &["--bogus", "=ps:nope", "="], &["=ps:scale", "=../x", "="]];
    for words in nonsense {
        shop().command("complete", words).succeeds().fires_nothing().changes_no_file();
    }
    shop().without("DOKKU_ROOT").command("complete", ["=ps:scale", "="]).succeeds();
}

#[test]
fn zsh_completes_too() {
    if Command::new("zsh").arg("--version").output().is_err() {
        // Past the capture of the test harness, so that nobody takes it for a test that ran.
        let _ = std::io::Write::write_all(
            &mut std::io::stderr(),
            b"left out: the completion of zsh, which is not installed\n",
        );
        return;
    }
    let zsh = |line: &str, wanted: &str| {
        run(shop(), "zsh", "_dokku", ZSH, &[line]).stdout(wanted);
    };
    zsh("dokku ps:sc", "ps:scale\n");
    zsh("dokku ps:scale ", "shop\n");
    zsh("dokku ps:scale shop ", "without a blank\nweb=\nworker=\n");
    zsh("dokku ps:scale --format=j", "--format=json\n");
    zsh("dokku --app shop ps:scale wo", "without a blank\nworker=\n");
    zsh("dokku ps:restart shop web.", "web.1\nweb.2\n");
    zsh("dokku ps:scale nothing ", "\n");
    zsh("dokku apps:destroy sh", "default\n");
    zsh("dokku ", "default\n");
}
