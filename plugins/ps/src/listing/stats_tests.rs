use super::super::text::tests::{exited, listing, missing, running};
use super::*;

fn measured() -> (Listing, Used) {
    let mut limited = running("web.1");
    let details = limited.details.as_mut().unwrap();
    (details.memory_limit, details.cpu_limit) = (Some(256 << 20), Some(500_000_000));
    let mut free = running("web.2");
    free.container = Some("cd".repeat(32));
    let used = ContainerStats {
        cpu: 1234,
        memory: 12_900_000,
        memory_share: 481,
        received: 1_200,
        sent: 126,
        read: 0,
        written: 4096,
        tasks: 3,
    };
    let idle = ContainerStats { cpu: 0, memory: 512, tasks: 1, ..ContainerStats::default() };
    let used = [("ab".repeat(32), used), ("cd".repeat(32), idle)].into();
    let mut ended = exited("web.3", 137);
    ended.container = Some("ef".repeat(32));
    (listing(&[("web", 3), ("worker", 1)], vec![limited, free, ended, missing("worker.1")]), used)
}

#[test]
fn an_app_is_a_table_of_what_its_instances_use() {
    let (listing, used) = measured();
    let wanted = "\
=====> shop stats
       INSTANCE  STATE       CPU   OF   MEMORY      OF   MEM%  RECEIVED  SENT  TASKS
       web.1     running  12.34%  50%  12.3MiB  256MiB  4.81%    1.2KiB  126B      3
       web.2     running      0%    -     512B       -     0%        0B    0B      1
       web.3     exited        -    -        -       -      -         -     -      -
       worker.1  missing       -    -        -       -      -         -     -      -
";
    assert_eq!(of_app(&listing, &used, Look::default()), wanted);
}

#[test]
fn all_apps_are_one_table() {
    let (listing, used) = measured();
    let text = of_apps(&[listing.clone(), listing.only(|named| named.as_str() == "worker")], &used, Look::default());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1 + 4 + 1);
    assert!(lines[0].starts_with("APP   INSTANCE  STATE       CPU   OF"), "{text}");
    assert!(lines[1].starts_with("shop  web.1     running  12.34%  50%"), "{text}");
    assert!(lines[5].starts_with("shop  worker.1  missing       -    -"), "{text}");
}

#[test]
fn scripts_get_fourteen_fields_and_plain_numbers() {
    let (listing, used) = measured();
    let text = lines(&listing, &used);
    let lines: Vec<&str> = text.lines().collect();
    let id = "ab".repeat(32);
    assert_eq!(
        lines[0],
        format!("shop\tweb.1\trunning\t12.34\t50\t12900000\t268435456\t4.81\t1200\t126\t0\t4096\t3\t{id}")
    );
    assert_eq!(lines[3], "shop\tworker.1\tmissing\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-");
    assert!(lines.iter().all(|line| line.split('\t').count() == 14), "{text}");
}

#[test]
fn programs_get_an_object() {
    let (listing, used) = measured();
    let text = object(&listing, &used).unwrap();
    assert_eq!(text.matches('\n').count(), 1, "{text}");
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let wanted = serde_json::json!({
        "instance": "web.1", "type": "web", "index": 1, "state": "running", "container": "ab".repeat(32),
        "cpu": 12.34, "cpu_limit": 50.0, "memory": 12_900_000, "memory_limit": 268_435_456, "memory_share": 4.81,
        "received": 1200, "sent": 126, "read": 0, "written": 4096, "tasks": 3,
    });
    assert_eq!((&document["app"], &document["instances"][0]), (&serde_json::json!("shop"), &wanted));
    assert!(document["instances"][3]["cpu"].is_null() && document["instances"][1]["memory_limit"].is_null());
}
