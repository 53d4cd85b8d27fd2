use super::*;

const NOW: i64 = 1_732_306_620;

fn id(number: u8) -> String {
    format!("{number:064x}")
}

fn queued(number: u8) -> Queued {
    Queued { app: "shop".to_owned(), container: id(number), due: Some(NOW + 60) }
}

fn container(number: u8, name: &str, dyno: &str) -> Container {
    Container {
        id: id(number),
        name: name.into(),
        state: "running".into(),
        app: "shop".into(),
        container_type: "deploy".into(),
        process_type: dyno.split('.').next().unwrap_or_default().into(),
        dyno: dyno.into(),
    }
}

fn file(instance: &str, container: &str) -> InstanceFile {
    InstanceFile { instance: instance.parse().ok(), container: container.into() }
}

fn details(state: &str) -> ContainerDetails {
    ContainerDetails {
        state: state.into(),
        started: Some("2024-11-22T20:16:00Z".into()),
        finished: (state == "exited").then(|| "2024-11-22T20:16:50.5Z".into()),
        ..ContainerDetails::default()
    }
}

struct Scene {
    desired: BTreeMap<ProcessType, Quantity>,
    files: Vec<InstanceFile>,
    containers: Vec<Container>,
    details: BTreeMap<String, ContainerDetails>,
    retiring: Vec<Queued>,
    locked: bool,
}

impl Scene {
    fn new(desired: &[(&str, Quantity)], files: &[InstanceFile], containers: &[Container]) -> Self {
        Self {
            desired: desired.iter().map(|(name, quantity)| (name.parse().unwrap(), *quantity)).collect(),
            files: files.to_vec(),
            details: containers.iter().map(|container| (container.id.clone(), details("running"))).collect(),
            containers: containers.to_vec(),
            retiring: Vec::new(),
            locked: false,
        }
    }

    fn listed(&self) -> Vec<ListedInstance> {
        let containers = that_matter(&"shop".parse().unwrap(), &self.files, &self.retiring, &self.containers);
        instances(&Found {
            desired: &self.desired,
            files: &self.files,
            containers: &containers,
            details: &self.details,
            retiring: &self.retiring,
            locked: self.locked,
            now: NOW,
        })
    }

    fn words(&self) -> String {
        let words = |listed: &ListedInstance| format!("{} {}", listed.name, listed.state.as_str());
        self.listed().iter().map(words).collect::<Vec<_>>().join(", ")
    }
}

#[test]
fn instances_are_sorted_by_type_and_number() {
    let files: Vec<_> = ["worker.1", "web.10", "web.2"].iter().zip(1..).map(|(name, n)| file(name, &id(n))).collect();
    let containers: Vec<_> = (1..4).map(|number| container(number, "x", "")).collect();
    let scene = Scene::new(&[("web", 1)], &files, &containers);
    assert_eq!(scene.words(), "web.1 missing, web.2 running, web.10 running, worker.1 running");
}

#[test]
fn what_is_desired_and_has_no_container_is_missing() {
    let files = [file("web.1", ""), file("web.2", &id(2)), file("web.3", "rm -rf")];
    let scene = Scene::new(&[("web", 4), ("worker", 0)], &files, &[]);
    assert_eq!(scene.words(), "web.1 missing, web.2 missing, web.3 missing, web.4 missing");
    let shown: Vec<_> = scene.listed().into_iter().map(|listed| listed.container).collect();
    assert_eq!(shown, [None, Some(id(2)), None, None]);
}

#[test]
fn a_scale_beyond_reason_is_not_listed_one_by_one() {
    let scene = Scene::new(&[("web", Quantity::MAX)], &[], &[]);
    assert_eq!(scene.listed().len(), 1000);
}

#[test]
fn a_deployed_container_that_nothing_accounts_for_is_a_stray() {
    let mut other = container(3, "shop.run.1", "run.1");
    other.container_type = "run".into();
    let mut foreign = container(4, "api.web.1", "web.1");
    foreign.app = "api".into();
    let containers = [container(1, "shop.web.1", "web.1"), container(2, "shop.web.1.17", "web.1"), other, foreign];
    let scene = Scene::new(&[("web", 1)], &[file("web.1", &id(1))], &containers);
    assert_eq!(scene.words(), "web.1 running, web.1 stray");
}

#[test]
fn a_queued_container_is_retiring_and_one_that_a_file_names_is_not() {
    let containers = [container(1, "shop.web.1", "web.1"), container(2, "shop.web.1.17", "web.1")];
    let mut scene = Scene::new(&[("web", 1)], &[file("web.1", &id(1))], &containers);
    scene.retiring = vec![queued(2), queued(1)];
    assert_eq!(scene.words(), "web.1 running, web.1 retiring");
}

#[test]
fn a_container_is_upcoming_only_while_the_app_is_locked() {
    let mut scene = Scene::new(&[], &[], &[container(1, "shop.web.1.upcoming-4711", "web.1")]);
    assert_eq!(scene.words(), "web.1 stray");
    scene.locked = true;
    assert_eq!(scene.words(), "web.1 upcoming");
    scene.containers = vec![container(1, "shop.web.1.upcoming-x", "web.1")];
    assert_eq!(scene.words(), "web.1 stray");
}

#[test]
fn a_container_that_has_gone_meanwhile_is_missing_or_left_out() {
    let containers = [container(1, "shop.web.1", "web.1"), container(2, "shop.web.1.17", "web.1")];
    let mut scene = Scene::new(&[("web", 1)], &[file("web.1", &id(1))], &containers);
    scene.details.clear();
    assert_eq!(scene.words(), "web.1 missing");
}

#[test]
fn a_shortened_id_and_a_nameless_file_of_old_releases_are_understood() {
    let mut old = container(1, "old", "");
    old.container_type = String::new();
    let nameless = InstanceFile { instance: None, container: id(1)[..12].into() };
    let scene = Scene::new(&[("web", 1)], std::slice::from_ref(&nameless), std::slice::from_ref(&old));
    assert_eq!(scene.words(), "web.1 running");
    let scene = Scene::new(&[("web", 1)], &[nameless, file("web.1", &id(2))], &[]);
    assert_eq!(scene.words(), "web.1 missing");
}

#[test]
fn a_stray_without_labels_has_its_container_s_name_and_comes_last() {
    let containers = [container(1, "shop.odd", ""), container(2, "shop.zed", "zed.1")];
    assert_eq!(Scene::new(&[], &[], &containers).words(), "zed.1 stray, shop.odd stray");
}

#[test]
fn time_counts_from_the_start_or_from_the_end() {
    let containers = [container(1, "shop.web.1", "web.1"), container(2, "shop.web.2", "web.2")];
    let mut scene = Scene::new(&[("web", 2)], &[file("web.1", &id(1)), file("web.2", &id(2))], &containers);
    scene.details.insert(id(2), details("exited"));
    let seconds: Vec<_> = scene.listed().iter().map(|listed| listed.seconds).collect();
    assert_eq!(seconds, [Some(60), Some(10)]);
    scene.details.insert(id(2), ContainerDetails { started: Some("2030-01-01T00:00:00Z".into()), ..details("paused") });
    assert_eq!(scene.listed()[1].seconds, Some(0));
}

#[test]
fn another_app_s_container_is_none_of_this_one_whatever_names_it() {
    let files = [file("web.1", &id(1)), file("web.2", &id(2)), file("web.3", &id(3))];
    let others = |number, name| Container { app: "api".into(), ..container(number, name, "web.1") };
    let unlabelled = |number, name| Container { app: String::new(), ..container(number, name, "") };
    let containers = [others(1, "shop.web.1"), others(2, "api.web.1"), unlabelled(3, "shop.web.3"), others(4, "x")];
    let mut scene = Scene::new(&[("web", 3)], &files, &containers);
    scene.retiring = vec![queued(4)];
    assert_eq!(scene.words(), "web.1 missing, web.2 missing, web.3 running");
    assert!(scene.listed().iter().all(|listed| listed.name == "web.3" || listed.details.is_none()));
}

#[test]
fn a_hundred_thousand_types_with_an_instance_each_take_no_longer_than_looking_at_them() {
    const TYPES: usize = 100_000;
    let began = std::time::Instant::now();
    let types: Vec<String> = (0..TYPES).map(|number| format!("type{number}")).collect();
    let mut scene = Scene::new(&[], &[], &[]);
    for (number, name) in types.iter().enumerate() {
        let (dyno, id) = (format!("{name}.1"), format!("{number:064x}"));
        scene.desired.insert(name.parse().unwrap(), 1);
        scene.files.push(file(&dyno, &id));
        scene.details.insert(id.clone(), details("running"));
        scene.containers.push(Container { id, ..container(0, &format!("shop.{dyno}"), &dyno) });
    }
    let listed = scene.listed();
    assert!(listed.len() == TYPES && listed.iter().all(ListedInstance::runs));
    for name in &types {
        let present = super::super::present(&listed, &name.parse().unwrap());
        assert_eq!(present.keys().collect::<Vec<_>>(), [&1]);
    }
    assert!(began.elapsed() < std::time::Duration::from_mins(2), "{:?}", began.elapsed());
}
