//! The containers of this host, and what Docker knows of some of them: by the way that it is asked.

use super::containers::{Asked, Container, ContainerDetails};
use super::{Docker, printed, told};
use crate::{App, Result};
use std::collections::BTreeMap;

impl Docker<'_> {
    /// Every container of this host by its full id, in one call: its state, its name and its app at least.
    ///
    /// # Errors
    /// With Docker's own message when it fails; when it does not answer in time; when its answer is
    /// not a list of containers.
    #[doc(hidden)] // for ps, which runs the containers
    pub fn states(&self) -> Result<BTreeMap<String, Container>> {
        let containers = match &self.engine {
            Some(engine) => told::containers(engine, self.patience(), None)?,
            None => printed::states(self)?,
        };
        Ok(by_id(containers))
    }

    /// The same for those who need to know of one app: its own by their label at least, and every container where one of
    /// these ids, maybe shortened, is not among them. Those of very old releases have no label.
    ///
    /// # Errors
    /// As [`Docker::states`].
    #[doc(hidden)] // for ps, which runs the containers
    pub fn states_of(&self, app: &App, ids: &[&str]) -> Result<BTreeMap<String, Container>> {
        match &self.engine {
            Some(engine) => Ok(by_id(told::containers_of(engine, self.patience(), app, ids)?)),
            None => self.states(),
        }
    }

    /// Every container of this host, in one call.
    ///
    /// # Errors
    /// As [`Docker::states`].
    pub fn containers(&self) -> Result<Vec<Container>> {
        match &self.engine {
            Some(engine) => told::containers(engine, self.patience(), None),
            None => printed::containers(self),
        }
    }

    /// The same for those who need to know of one app, as [`Docker::states_of`].
    ///
    /// # Errors
    /// As [`Docker::states`].
    pub fn containers_of(&self, app: &App, ids: &[&str]) -> Result<Vec<Container>> {
        match &self.engine {
            Some(engine) => told::containers_of(engine, self.patience(), app, ids),
            None => self.containers(),
        }
    }

    /// How these containers do, by full id. One that is gone by now is left out.
    ///
    /// # Errors
    /// As [`Docker::states`].
    #[doc(hidden)] // for ps, which runs the containers
    pub fn details(&self, containers: &[&str]) -> Result<BTreeMap<String, ContainerDetails>> {
        self.details_of_each(containers, Asked::Everything)?.into_iter().map(|(id, found)| Ok((id, found?))).collect()
    }

    /// The same, where what cannot be told of one container is the trouble of that one alone.
    ///
    /// # Errors
    /// When Docker tells nothing of any of them: as [`Docker::states`].
    #[doc(hidden)] // for ps, which runs the containers
    pub fn details_of_each(
        &self,
        containers: &[&str],
        asked: Asked,
    ) -> Result<BTreeMap<String, Result<ContainerDetails>>> {
        match &self.engine {
            _ if containers.is_empty() => Ok(BTreeMap::new()),
            Some(engine) => told::details(engine, self.patience(), containers, asked),
            None => printed::details(self, containers, asked),
        }
    }
}

fn by_id(containers: Vec<Container>) -> BTreeMap<String, Container> {
    containers.into_iter().map(|container| (container.id.clone(), container)).collect()
}
