//! The saved scale of an app: the properties `scale` and `scale.old`.

use crate::PLUGIN;
use crate::formation::{Formation, Request, Update, saved_lines};
use crate::host_files::app_folder;
use crate::settings::MaxInstances;
use crate::source_files::{SourceFile, current_procfile};
use common::atomic::{self, Owner};
use common::{App, Context, Env, Error, ProcessType, Procfile, Properties, Result, file};
use std::collections::BTreeSet;

/// What is saved of an app's scale, and what it is held against. Under the app's lock it is read once.
#[derive(Debug)]
pub(crate) struct Saved {
    /// The formation that should run.
    pub(crate) desired: Formation,
    /// At 0, the types that have left the Procfile since.
    pub(crate) vanished: Formation,
    /// The Procfile; `None` when the app has none.
    pub(crate) procfile: Option<Procfile>,
}

impl Saved {
    /// What reports show: the desired formation, and the types that have left the Procfile.
    pub(crate) fn shown(&self) -> Formation {
        self.desired.or(&self.vanished)
    }
}

/// The scale that an app should have, as it is saved.
#[derive(Debug)]
pub(crate) struct SavedScale<'a> {
    env: &'a Env,
    app: &'a App,
}

impl<'a> SavedScale<'a> {
    /// The saved scale of `app`.
    pub(crate) fn new(env: &'a Env, app: &'a App) -> Self {
        Self { env, app }
    }

    /// The desired formation.
    pub(crate) fn desired(&self) -> Result<Formation> {
        self.formation("scale")
    }

    /// All of it.
    pub(crate) fn read(&self) -> Result<Saved> {
        let (desired, vanished) = (self.desired()?, self.formation("scale.old")?);
        Ok(Saved { desired, vanished, procfile: current_procfile(self.env, self.app)? })
    }

    /// What reports show: the desired formation and, at 0, the types that have left the Procfile since.
    pub(crate) fn shown(&self) -> Result<Formation> {
        Ok(self.desired()?.or(&self.formation("scale.old")?))
    }

    /// Changes what is saved to what `requests` make of `from`; says what that is.
    pub(crate) fn save(&self, from: &Formation, requests: &[Request]) -> Result<Update> {
        let procfile = current_procfile(self.env, self.app)?;
        let update = from.update(procfile.as_ref(), requests)?;
        let properties = Properties::new(self.env, PLUGIN);
        let vanished = update.vanished.to_saved();
        if vanished.is_empty() {
            properties.unset(self.app, "scale.old")?;
        } else {
            properties.set_list(self.app, "scale.old", &vanished)?;
        }
        properties.set_list(self.app, "scale", &update.scale.to_saved())?;
        self.tell(&update.scale);
        Ok(update)
    }

    /// Saves an app's scale as it is in a file that an older version left.
    pub(crate) fn import(&self, formation: &Formation) -> Result<()> {
        Properties::new(self.env, PLUGIN).set_list(self.app, "scale", &formation.to_saved())
    }

    /// Writes the file in the app's folder that says the scale to whoever looks there, as older versions
    /// did. A DOKKU_SCALE in the source takes its place. Nothing depends on it, so a failure is a warning.
    pub(crate) fn tell(&self, scale: &Formation) {
        if let Err(error) = self.write_dokku_scale(scale) {
            self.env.output().warn(&format!("The scale of {} is saved, but not told in its folder: {error}", self.app));
        }
    }

    fn write_dokku_scale(&self, scale: &Formation) -> Result<()> {
        let folder = app_folder(self.env, self.app)?;
        if !folder.is_dir() || SourceFile::dokku_scale(self.env, self.app)?.current().is_some() {
            return Ok(());
        }
        let (path, text) = (folder.join("DOKKU_SCALE"), scale.to_saved().join("\n") + "\n");
        if file::read(&path)?.is_some_and(|written| written == text.as_bytes()) {
            return Ok(());
        }
        atomic::write(&path, text.as_bytes(), 0o644, Owner::of_files(self.env)?)
    }

    /// The first type of the saved scale that has more than there may be, among those that `matters` names: told with
    /// the file and the line, and what would mend it.
    pub(crate) fn excess(&self, matters: impl Fn(&ProcessType) -> bool) -> Result<Option<String>> {
        let most = MaxInstances::of(self.env, self.app)?;
        let mut seen = BTreeSet::new();
        for saved in saved_lines(&self.lines("scale")?) {
            let (number, process_type, quantity) = saved.context(|| self.file("scale"))?;
            // Of two lines for one type the first holds.
            if seen.insert(process_type.clone()) && matters(&process_type) && !most.allows(quantity) {
                let request = Request { process_type, quantity };
                let error = most.check(&request).err().map(|error| error.to_string()).unwrap_or_default();
                let (process_type, app) = (&request.process_type, self.app);
                return Ok(Some(format!(
                    "{}, line {number}: {error}, or to mend it: dokku ps:scale {app} {process_type}=1",
                    self.file("scale")
                )));
            }
        }
        Ok(None)
    }

    /// Refuses to go by a saved scale of which one of these types has more instances than there may be.
    pub(crate) fn refuse_excess(&self, matters: impl Fn(&ProcessType) -> bool) -> Result<()> {
        self.excess(matters)?.map_or(Ok(()), |excess| Err(Error::new(excess)))
    }

    /// Warns of a saved scale of which one of these types has more instances than there may be.
    pub(crate) fn warn_of_excess(&self, matters: impl Fn(&ProcessType) -> bool) -> Result<()> {
        if let Some(excess) = self.excess(matters)? {
            self.env.output().warn(&excess);
        }
        Ok(())
    }

    /// Forgets the types that have left the Procfile.
    pub(crate) fn forget_vanished(&self) -> Result<()> {
        Properties::new(self.env, PLUGIN).unset(self.app, "scale.old")
    }

    fn formation(&self, property: &str) -> Result<Formation> {
        Formation::from_saved(&self.lines(property)?)
    }

    fn lines(&self, property: &str) -> Result<Vec<String>> {
        Properties::new(self.env, PLUGIN).list(self.app, property)
    }

    /// The file of a property, for messages.
    fn file(&self, property: &str) -> String {
        let folder = Properties::new(self.env, PLUGIN).folder(self.app).unwrap_or_default();
        folder.join(property).display().to_string()
    }
}

/// Whether `ps:scale` may change the scale: not while an app.json formation or a DOKKU_SCALE rules it.
pub(crate) fn can_scale(env: &Env, app: &App) -> Result<bool> {
    let value =
        Properties::new(env, PLUGIN).get(app, "can-scale").context(|| format!("asking whether {app} can be scaled"))?;
    Ok(value.is_none_or(|value| value == "true") && SourceFile::dokku_scale(env, app)?.current().is_none())
}
