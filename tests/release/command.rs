//! A type's command, with the app's config in it, and the defaults for what the config does not have.

use ps_tests::{Answer, Host};

use crate::shop;

/// What only who asks the trigger is told.
const ASKED: &str = "NAME=\"asked\"\n";

/// Nobody but the plugin config answers for the config.
fn configured(app: &str, of_host: &str) -> Host {
    let host = shop().answered_by("config", "config-export", ASKED);
    let host = if app.is_empty() { host } else { host.file("lib/config/shop/ENV", app) };
    if of_host.is_empty() { host } else { host.file("lib/config/--global/ENV", of_host) }
}

fn is_command(host: Host, written: &str, command: &str) {
    let host = host.procfile(format!("web: {written}\n"));
    host.run("procfile-get-command", ["shop", "web", "7000"]).succeeds().stdout(&format!("{command}\n"));
}

#[test]
fn the_app_s_config_is_in_its_command_and_the_host_s_where_it_has_none() {
    let app = "NAME=\"own\"\nGREETING=\"say \\\"h\u{e9}\\\" \\$5\"\nEMPTY=\"\"\nCOUNT=3\n";
    let host = || configured(app, "NAME=\"host\"\nPLACE=\"here\"\n");
    is_command(host(), "serve $NAME ${PLACE} $COUNT $PORT $PS", "serve own here 3 7000 web");
    is_command(host(), "say $GREETING|$EMPTY|$OTHER|", "say say \"h\u{e9}\" $5|||");
    is_command(configured("", "\n"), "serve $NAME|", "serve |");
}

#[test]
fn a_config_of_another_layout_is_none_of_the_app_s() {
    let host = configured("", "").file("lib/config/config/shop/ENV", "NAME=\"wrong\"\n");
    is_command(host, "serve $NAME|", "serve |");
}

#[test]
fn the_host_is_asked_where_a_config_is_still_in_its_earlier_place_or_others_answer_too() {
    is_command(configured("", "").file("home/shop/ENV", "NAME=1\n"), "serve $NAME", "serve asked");
    is_command(configured("NAME=2\n", "").file("home/ENV", "NAME=1\n"), "serve $NAME", "serve asked");
    is_command(configured("NAME=2\n", "\n").file("home/shop/ENV", "NAME=1\n"), "serve $NAME", "serve 2");
    let vault = configured("NAME=2\n", "");
    vault.sandbox().add_plugin("vault");
    vault.sandbox().answer("vault", "config-export", &[Answer::text(ASKED)]);
    is_command(vault, "serve $NAME", "serve asked");
}

#[test]
fn a_default_is_in_the_command_where_the_config_has_no_value() {
    let host = || configured("EMPTY=\"\"\nNAME=\"own\"\n", "");
    is_command(host(), "gunicorn --bind 0.0.0.0:${PORT:-5000}", "gunicorn --bind 0.0.0.0:7000");
    is_command(host(), "serve --port ${HTTP_PORT:=\"8080\"} -w ${WORKERS:-2}", "serve --port 8080 -w 2");
    is_command(host(), "${NAME:-a} ${EMPTY:-b}${EMPTY-c} ${OTHER-'d e'}", "own b d e");
    is_command(host(), "x ${A:-${B:-$NAME}} ${PS:-none} $(id -u)", "x own web $(id -u)");
    is_command(host(), "x ${NAME:+y} ${OTHER:?z}|", "x  |");
}
