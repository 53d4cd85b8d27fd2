//! The listing for scripts: a line an instance, fields between tabs. Pure.
//!
//! App, instance, state, seconds since the start or the exit, restarts, health, exit code, container; `-`
//! where there is nothing to say. New fields go to the end.

use crate::docker_local::{ListedInstance, Listing};
use common::commands_a_terminal;

/// A line for each instance; none for an app of which no instance is known.
pub(crate) fn lines(listing: &Listing) -> String {
    listing.instances().iter().map(|instance| line(listing.app.as_str(), instance)).collect()
}

fn line(app: &str, instance: &ListedInstance) -> String {
    let number = |number: Option<String>| number.unwrap_or_else(|| "-".to_owned());
    let fields = [
        app.to_owned(),
        instance.name.clone(),
        instance.word().to_owned(),
        number(instance.seconds.map(|seconds| seconds.to_string())),
        number(instance.details.as_ref().map(|details| details.restarts.to_string())),
        instance.health().unwrap_or("-").to_owned(),
        number(instance.exit_code().map(|code| code.to_string())),
        instance.container.clone().unwrap_or_else(|| "-".to_owned()),
    ];
    // No field can hold a tab or a newline today; a state of Docker's is a word, a name has no blank.
    let fields = fields.map(|field| field.replace(commands_a_terminal, "?"));
    fields.join("\t") + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::text::tests::{exited, listing, missing, running};
    use super::*;

    #[test]
    fn an_instance_is_a_line_of_eight_fields() {
        let text = lines(&listing(&[("web", 3)], vec![running("web.1"), exited("web.2", 137), missing("web.3")]));
        let id = "ab".repeat(32);
        assert_eq!(
            text,
            format!(
                "shop\tweb.1\trunning\t192\t2\thealthy\t-\t{id}\nshop\tweb.2\texited\t60\t0\t-\t137\t{id}\n\
                 shop\tweb.3\tmissing\t-\t-\t-\t-\t-\n"
            )
        );
    }
}
