//! `ps-pre-scale` of a plugin named `ceiling`, fired by `ps:scale` before anything is saved: refuses more instances of
//! a type than the plugin's property `most` allows, of the app or of the host. Fewer than there are is never refused.

use dokku_plugin::{App, Env, Error, Properties, Result, ScaleChange};

fn main() -> std::process::ExitCode {
    dokku_plugin::run(ps_pre_scale)
}

/// `ps-pre-scale APP TYPE=OLD:NEW...`
fn ps_pre_scale(env: &Env) -> Result<()> {
    let app: App = env.arg(1)?.parse()?;
    let Some(most) = Properties::new(env, "ceiling").computed(&app, "most")? else { return Ok(()) };
    let most: u32 =
        most.parse().map_err(|_| Error::new(format!("the property most is {most:?}, which is no number")))?;
    for change in env.args_from(2)? {
        let ScaleChange { process_type, from, to } = change.parse()?;
        if to > most && to > from {
            return Err(Error::new(format!("{app} may run {most} of {process_type} at most, not {to}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn above_the_ceiling_there_is_a_way_down_and_none_up() {
        let folder = tempfile::tempdir().unwrap();
        let asked = |change| Env::of_test_host(folder.path(), &["ps-pre-scale", "shop", "web=1:1", change]);
        let app: App = "shop".parse().unwrap();
        ps_pre_scale(&asked("worker=1:9")).expect("there is no ceiling");
        Properties::new(&asked(""), "ceiling").set(&app, "most", "3").unwrap();
        for fine in ["worker=1:3", "worker=9:3", "worker=9:5"] {
            ps_pre_scale(&asked(fine)).expect(fine);
        }
        for (refused, most) in [("worker=3:4", "not 4"), ("worker=5:6", "not 6")] {
            assert!(ps_pre_scale(&asked(refused)).unwrap_err().message().ends_with(most), "{refused}");
        }
        assert!(ps_pre_scale(&asked("worker=4")).is_err());
        Properties::new(&asked(""), "ceiling").set(&app, "most", "many").unwrap();
        assert!(ps_pre_scale(&asked("worker=1:2")).unwrap_err().message().contains("no number"));
    }
}
