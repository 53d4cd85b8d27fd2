//! An app that is deployed from an image: its `DOKKU_SCALE` is copied out of it. The Docker here has one image,
//! whose files lie in `image/` of the sandbox.

use ps_tests::Host;

use crate::{PROCFILE, content, data_files, docker_calls, release, shop, with_docker};

/// Makes a container of the image and gives a file of it as `docker container cp` does: as an archive.
const IMAGE: &str = r#"case "$1 $2" in
  'image inspect') echo '{"WorkingDir":"/srv/app/","Labels":null,"Env":["PATH=/bin"]}' ;;
  'container create') echo 3333333333333333333333333333333333333333333333333333333333333333 ;;
  'container cp')
    for word in "$@"; do from=$last last=$word; done
    [ "$last" = - ] || exit 2
    file=$CONFORMANCE_ROOT/image/${from#*:}
    if [ ! -e "$file" ]; then
      echo "Error response from daemon: Could not find the file ${from#*:} in container ${from%%:*}" >&2
      exit 1
    fi
    tar -C "${file%/*}" --no-recursion -c "${file##*/}" ;;
esac"#;

fn image() -> Host {
    with_docker(shop(), &[], IMAGE).answers("git-get-property", "registry/shop:1")
}

fn extract(host: &Host) -> ps_tests::Outcome {
    // What lies in the folder is not the source of such an app.
    host.sandbox().write("work/DOKKU_SCALE", "web=9\n");
    crate::extract(host)
}

#[test]
fn the_dokku_scale_of_an_image_is_applied() {
    let host =
        image().file("image/srv/app/Procfile", PROCFILE).file("image/srv/app/DOKKU_SCALE", "web=2\r\nworker=1\r\n");
    extract(&host).succeeds();
    assert_eq!(data_files(&host), [".DOKKU_SCALE.4242", "Procfile.4242"]);
    release(&host)
        .succeeds()
        .stdout("       web: 1 -> 2, DOKKU_SCALE asks for it\n       worker: 0 -> 1, DOKKU_SCALE asks for it\n")
        .leaves("lib/config/ps/shop/scale", "web=2\nworker=1\n");
}

#[test]
fn every_container_that_is_made_for_that_is_removed() {
    let host = image().file("image/srv/app/Procfile", PROCFILE).file("image/srv/app/DOKKU_SCALE", "web=2\n");
    extract(&host).succeeds();
    let made = docker_calls(&host, "container create").len();
    assert!(made > 0, "a container must have been made");
    assert_eq!(docker_calls(&host, "container rm --force -- 3333").len(), made);
}

#[test]
fn an_image_without_one_leaves_no_trace_of_one() {
    let host = image().file("image/srv/app/Procfile", PROCFILE);
    extract(&host).succeeds();
    assert_eq!(data_files(&host), ["Procfile.4242"]);
}

#[test]
fn a_bad_line_in_an_image_is_named_and_nothing_is_left() {
    let host = image().file("image/srv/app/Procfile", PROCFILE).file("image/srv/app/DOKKU_SCALE", "web=1\nworker\n");
    extract(&host).refuses("DOKKU_SCALE").stderr_contains("line 2");
    assert!(data_files(&host).is_empty(), "{:?} must not be left", data_files(&host));
}

#[test]
fn a_directory_of_that_name_in_an_image_is_refused_and_nothing_is_left() {
    let host = image().file("image/srv/app/Procfile", PROCFILE).file("image/srv/app/DOKKU_SCALE/README", "no scale\n");
    extract(&host).refuses("DOKKU_SCALE").stderr_contains("directory");
    assert!(data_files(&host).is_empty(), "{:?} must not be left", data_files(&host));
    std::fs::remove_dir_all(host.sandbox().path("image/srv/app/DOKKU_SCALE")).unwrap();
    host.sandbox().write("image/srv/app/DOKKU_SCALE", "web=2\n");
    extract(&host).succeeds();
    assert_eq!(content(&host, "lib/data/ps/shop/.DOKKU_SCALE.4242").unwrap(), "web=2\n");
}

#[test]
fn a_docker_that_fails_ends_the_deploy_with_its_words() {
    let host = with_docker(shop(), &[], "echo 'no space left on device' >&2; exit 1")
        .answers("git-get-property", "registry/shop:1");
    extract(&host).refuses("no space left on device");
    assert!(data_files(&host).is_empty(), "{:?} must not be left", data_files(&host));
}
