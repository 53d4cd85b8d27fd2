//! One type after the other, each once its new quantity is saved.

use super::deploy;
use crate::formation::{Formation, Request};
use crate::saved::SavedScale;
use common::{App, AppLock, Context, Env, Error, ErrorKind, Result, in_spite_of_signals};

/// Has the host deploy each requested type. `before` is what was saved, `from` what is kept of it.
pub(crate) fn deploy_types(
    env: &Env,
    app: &App,
    before: &Formation,
    from: &Formation,
    requests: &[Request],
    lock: Option<&AppLock>,
) -> Result<()> {
    let work = requests.iter().map(|request| (request, || deploy::of_type(env, app, &request.process_type, lock)));
    one_after_the_other(env, app, before, from, requests, work.collect())
}

/// Does the work of one type after the other, each once its new quantity is saved. When one fails, it has
/// its old quantity again, and so have those that come after it; the types before it stay as they are now.
pub(crate) fn one_after_the_other(
    env: &Env,
    app: &App,
    before: &Formation,
    from: &Formation,
    requests: &[Request],
    work: Vec<(&Request, impl Fn() -> Result<()>)>,
) -> Result<()> {
    let scale = SavedScale::new(env, app);
    let without_work = |request: &&Request| !work.iter().any(|(working, _)| working == request);
    let mut done: Vec<Request> = requests.iter().filter(without_work).cloned().collect();
    if work.is_empty() {
        return scale.save(from, &done).map(drop);
    }
    for (position, (request, apply)) in work.iter().enumerate() {
        let mut trying = done.clone();
        trying.push((*request).clone());
        let Err(error) = scale.save(from, &trying).and_then(|_| apply()) else {
            done = trying;
            continue;
        };
        let undone = work.iter().skip(position).map(|(request, _)| Request {
            process_type: request.process_type.clone(),
            quantity: before.quantity(&request.process_type).unwrap_or(0),
        });
        let undone: Vec<Request> = undone.collect();
        // What was not cleared has its old quantity by itself.
        let cleared = |request: &&Request| from.quantity(&request.process_type).is_none();
        let cleared = undone.iter().filter(cleared).filter(|request| request.quantity > 0);
        let old: Vec<Request> = done.iter().chain(cleared).cloned().collect();
        in_spite_of_signals(|| scale.save(from, &old)).context(|| format!("{error}; restoring the scale"))?;
        let back = Formation::from_requests(&undone).to_saved().join(" ");
        if error.kind() == ErrorKind::Interrupted {
            return Err(Error::new(format!("interrupted, {app} is back at {back}")).with_kind(ErrorKind::Interrupted));
        }
        return Err(error.context(format!("Scaling {app} failed, the scale is back at {back}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::host;

    fn stopped_by(error: Error) -> (String, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let (env, app): (Env, App) = (host(folder.path()), "shop".parse().unwrap());
        let saved = ["web=2", "worker=1"].map(str::to_owned);
        let before = Formation::from_saved(&saved).unwrap();
        let scale = SavedScale::new(&env, &app);
        scale.import(&before).unwrap();
        let requests = Request::parse_all(&["web=3", "worker=2"]).unwrap();
        let work = requests.iter().map(|request| {
            let error = error.clone();
            (request, move || if request.process_type.as_str() == "web" { Ok(()) } else { Err(error.clone()) })
        });
        let told = one_after_the_other(&env, &app, &before, &before, &requests, work.collect()).unwrap_err();
        (told.message().to_owned(), scale.desired().unwrap().to_saved())
    }

    #[test]
    fn what_fails_has_its_old_quantity_and_an_interrupt_says_what_holds() {
        let (told, saved) = stopped_by(Error::new("worker.2 failed"));
        assert_eq!(told, "Scaling shop failed, the scale is back at worker=1: worker.2 failed");
        assert_eq!(saved, ["web=3", "worker=1"]);
        let (told, saved) = stopped_by(Error::new("a script was ended").with_kind(ErrorKind::Interrupted));
        assert_eq!(told, "interrupted, shop is back at worker=1");
        assert_eq!(saved, ["web=3", "worker=1"]);
    }
}
