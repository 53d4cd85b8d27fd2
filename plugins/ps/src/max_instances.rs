//! The property `max-instances`: how many instances of one type an app may have at most.
//!
//! A count above it is a slip of the hand, and a host that tried would go down with it. So it is refused wherever a
//! count comes in, before anything is written. One that a hand has written into the saved scale all the same is named
//! wherever somebody goes by it, with the file and the line.

use crate::formation::{Quantity, Request};
use crate::settings::{self, Setting};
use common::{App, Context, Env, Error, Result};

/// How many instances of a type an app may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MaxInstances {
    app: App,
    most: Quantity,
}

impl MaxInstances {
    /// What holds for an app.
    pub(crate) fn of(env: &Env, app: &App) -> Result<Self> {
        let setting = Setting::named("max-instances").ok_or_else(|| Error::new("no such property"))?;
        let value = setting.computed(env, Some(app))?;
        let most = settings::max_instances(&value).context(|| format!("reading the properties of {app}"))?;
        Ok(Self { app: app.clone(), most })
    }

    /// Whether there may be so many.
    pub(crate) fn allows(&self, quantity: Quantity) -> bool {
        quantity <= self.most
    }

    /// Refuses a request for more.
    pub(crate) fn check(&self, request: &Request) -> Result<()> {
        if self.allows(request.quantity) {
            return Ok(());
        }
        let Request { process_type, quantity } = request;
        Err(Error::new(format!(
            "Invalid count for process type {process_type}: {quantity} is more than the property max-instances of {} \
             allows ({}); to allow more: dokku ps:set {} max-instances N",
            self.app, self.most, self.app
        )))
    }

    /// Refuses requests of which one asks for more.
    pub(crate) fn check_all(&self, requests: &[Request]) -> Result<()> {
        requests.iter().try_for_each(|request| self.check(request))
    }
}
