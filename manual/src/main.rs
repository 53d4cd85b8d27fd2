//! `ps-manual FOLDER`: writes the manual pages of all commands into a folder, made from the definitions of their command
//! lines. It is a program of the build.

use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use common::clap::builder::Resettable;
use ps::commands::manual::{COMMANDS, Manual};
use std::io::{Error, Result};
use std::path::Path;

/// By this line install.sh tells our files from those of others.
const OURS: &str = ".\\\" It belongs to the ps plugin, whose install.sh replaces and removes it.\n";

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).ok_or_else(|| Error::other("Usage: ps-manual FOLDER"))?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    documented().try_for_each(|manual| std::fs::write(folder.join(format!("{}.1", title(manual))), page(manual)?))
}

/// The commands that have a page: the help has none, for `dokku-ps` says the same.
fn documented() -> impl Iterator<Item = &'static Manual> {
    COMMANDS.iter().filter(|manual| manual.name != "ps:help")
}

/// `dokku-ps-scale`
fn title(manual: &Manual) -> String {
    format!("dokku-{}", manual.name.replace(':', "-"))
}

/// The page of a command. That of `ps` is the overview too.
fn page(manual: &Manual) -> Result<Vec<u8>> {
    let usage = format!("dokku {} {}", manual.name, manual.usage);
    let title = title(manual);
    let definition = manual.command().display_name(title.clone()).override_usage(usage.trim_end().to_owned());
    let help = definition.get_after_help().map(ToString::to_string).unwrap_or_default();
    // As a section of its own, see below.
    let definition = definition.after_help(Resettable::Reset);
    let man = Man::new(definition).title(title.to_uppercase()).section("1").manual("Dokku").source(version());
    let mut page = OURS.as_bytes().to_vec();
    man.render(&mut page)?;
    let mut more = Roff::new();
    if manual.name == "ps" {
        commands(&mut more);
    }
    examples(&mut more, &help);
    see_also(&mut more, manual);
    more.to_writer(&mut page)?;
    Ok(page)
}

fn version() -> String {
    format!("ps {}", env!("CARGO_PKG_VERSION"))
}

fn commands(roff: &mut Roff) {
    roff.control("SH", ["COMMANDS"]);
    for manual in documented() {
        roff.control("TP", []).text([bold(title(manual)), roman("(1)")]).text([roman(manual.about())]);
    }
}

/// The end of a command's help: `Examples:`, and for each a line that is typed and one that says what it does.
fn examples(roff: &mut Roff, help: &str) {
    roff.control("SH", ["EXAMPLES"]);
    let lines: Vec<&str> = help.lines().skip(1).map(str::trim).collect();
    for example in lines.chunks(2) {
        let [line, what] = *example else { continue };
        roff.control("TP", []).text([bold(line)]).text([roman(what)]);
    }
}

fn see_also(roff: &mut Roff, manual: &Manual) {
    roff.control("SH", ["SEE ALSO"]);
    let other = if manual.name == "ps" { "dokku-ps-report" } else { "dokku-ps" };
    roff.text([bold(other), roman("(1)")]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::clap::Arg;
    use std::collections::BTreeSet;

    /// A page without the marks of its language.
    fn plain(manual: &Manual) -> String {
        String::from_utf8(page(manual).unwrap()).unwrap().replace("\\-", "-").replace("\\fB", "").replace("\\fR", "")
    }

    #[test]
    fn a_page_has_every_flag_of_its_command_and_no_other() {
        for manual in documented() {
            let mut definition = manual.command();
            definition.build();
            let shown = definition.get_arguments().filter(|argument| !argument.is_hide_set());
            let flags: BTreeSet<String> = shown.filter_map(Arg::get_long).map(|flag| format!("--{flag}")).collect();
            let page = plain(manual);
            let options = page.split(".SH OPTIONS").nth(1).unwrap().split(".SH").next().unwrap();
            let heads = options.split(".TP\n").filter_map(|option| option.lines().next());
            let words = heads.flat_map(str::split_whitespace).filter(|word| word.starts_with("--"));
            let said: BTreeSet<String> = words.map(str::to_owned).collect();
            assert_eq!(said, flags, "{}\n{page}", manual.name);
        }
    }

    #[test]
    fn a_page_says_its_name_its_usage_and_what_the_command_does() {
        for manual in documented() {
            let page = plain(manual);
            assert!(page.starts_with(OURS), "{page}");
            assert!(page.contains(&format!("{} - {}", title(manual), manual.about())), "{page}");
            assert!(page.contains(manual.usage.split(' ').next().unwrap()), "{page}");
        }
    }

    #[test]
    fn the_overview_names_every_page() {
        let overview = plain(COMMANDS.first().unwrap());
        for manual in documented() {
            assert!(overview.contains(&format!("{}(1)\n{}", title(manual), manual.about())), "{overview}");
        }
    }

    #[test]
    fn a_page_has_the_examples_of_the_help() {
        let page = plain(COMMANDS.iter().find(|manual| manual.name == "ps:retire").unwrap());
        let section = page.split(".SH EXAMPLES\n").nth(1).unwrap();
        assert!(section.starts_with(".TP\ndokku ps:retire\nRemove what has done its time."), "{page}");
        assert!(!page.contains(".SH EXTRA"), "{page}");
    }
}
