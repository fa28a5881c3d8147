"""Shows that the gates of the image find what they are there for: `python selftest.py` (unittest, no arguments needed)."""

import pathlib
import shutil
import tempfile
import unittest

import check
import image
import reproduce
import rootfs

TEXT = image.FILE.read_text(encoding="utf-8")
DIGEST = TEXT.split("@sha256:")[1].split()[0]

# What of the Dockerfile is replaced by what, and what must be said of it.
FIXTURES = [
    (f"@sha256:{DIGEST}", "", "rust:1.95.0-slim-bookworm is not named by a digest"),
    ("--locked ", "", "builds without --locked"),
    ("--release ", "", "builds without --release"),
    ("--remap-path-prefix=/build=/source ", "", "RUSTFLAGS does not take /build out"),
    ("-ffile-prefix-map=/build=/source ", "", "CFLAGS does not take /build out"),
    ("RUN cargo", "RUN apt-get update && cargo", "fetches what no digest names"),
    ("FROM scratch", f"FROM debian:bookworm-slim@sha256:{DIGEST}", "not on nothing"),
    ("EXPOSE 8470", "RUN true", "runs something in the image"),
    ("USER 65532:65532\n", "", "runs as root"),
    ("USER 65532:65532", "USER outhaul", "runs as outhaul"),
    ("USER 65532:65532", "USER 0:0", "runs as 0:0"),
    ('ENTRYPOINT ["/usr/bin/outhaul"]', "ENTRYPOINT /usr/bin/outhaul", "ENTRYPOINT is not a list"),
    ('org.opencontainers.image.licenses="Apache-2.0"', 'a="b"', "has no label org.opencontainers.image.licenses"),
    ("EXPOSE 8470", 'HEALTHCHECK CMD ["/usr/bin/outhaul", "doctor"]', "checks its own health"),
    ("COPY --from=build /etc/nsswitch.conf", "COPY nsswitch.conf", "takes something that was not built"),
]


class Dockerfile(unittest.TestCase):
    def test_each_fixture_is_found(self):
        for old, new, said in FIXTURES:
            with self.subTest(said=said):
                self.assertIn(old, TEXT)
                self.assertIn(said, "\n".join(check.check(TEXT.replace(old, new))))

    def test_the_whole_is_taken(self):
        self.assertEqual(list(check.check()), [])
        self.assertEqual(list(check.check("")), ["has no stage"])

    def test_what_the_build_is_given(self):
        text = check.IGNORE.read_text(encoding="utf-8")
        self.assertEqual(list(check.context()), [])
        self.assertIn("docs/errors is not given to the build", "".join(check.context(text.replace("!docs/errors\n", ""))))
        self.assertIn("web is not given", "".join(check.context(text.replace("!web\n", ""))))
        self.assertIn("xtask is not given", "".join(check.context(text.replace("!xtask\n", ""))))
        self.assertIn("the whole checkout", "".join(check.context(text.replace("*\n", "", 1))))

    def test_versions(self):
        self.assertEqual(list(check.versions()), [])
        self.assertIn("VERSION is 9.9.9", "".join(check.versions(TEXT.replace("VERSION=0.1.0", "VERSION=9.9.9"))))
        self.assertIn("is older than", "".join(check.versions(TEXT.replace("rust:1.95.0", "rust:1.80.0"))))

    def test_hadolint_finds(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "Dockerfile"
            file.write_text(TEXT.replace("RUN cargo", "RUN cd /build && sudo cargo") + "CMD true\n", encoding="utf-8")
            found = "\n".join(check.hadolint(file))
            for rule in ("DL3003", "DL3004", "DL4003", "DL3025"):
                self.assertIn(rule, found)
            file.write_text("FROM rust:latest AS build\nCOPY --form=x y\n", encoding="utf-8")
            self.assertTrue(list(check.hadolint(file)))

    def test_what_is_copied_is_read_as_written(self):
        (*_, last) = image.stages()
        pairs = list(image.copies(last, "aarch64"))
        self.assertIn(("/lib/aarch64-linux-gnu/libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6"), pairs)
        self.assertIn((image.BUILT, "/usr/bin/outhaul"), pairs)
        with self.assertRaisesRegex(ValueError, "not one source"):
            list(image.copies(image.stages("FROM scratch\nCOPY a b")[0], "x86_64"))

    def test_a_tree_without_a_library_is_refused(self):
        with tempfile.TemporaryDirectory() as folder, self.assertRaisesRegex(rootfs.Wrong, "is not there"):
            list(rootfs.build(pathlib.Path("/bin/true"), pathlib.Path(folder), "vax"))


# Debug information names the folder of the build.
DEBUG = {"CARGO_PROFILE_RELEASE_DEBUG": "1"}


@unittest.skipUnless(shutil.which("cargo"), "no cargo")
class Reproduce(unittest.TestCase):
    """On a program of three lines."""

    def build_twice(self, environment):
        with tempfile.TemporaryDirectory() as base:
            built = []
            for name in reproduce.FOLDERS:
                folder = pathlib.Path(base) / name
                (folder / "src").mkdir(parents=True)
                (folder / "Cargo.toml").write_text('[package]\nname = "small"\nversion = "0.1.0"\nedition = "2024"\n\n[workspace]\n')
                (folder / "src/main.rs").write_text("fn main() {\n    panic!();\n}\n")
                reproduce.build(folder, "cargo build --quiet --release --offline", environment(folder))
                built.append(folder / "target/release/small")
            return reproduce.digest(built[0]) == reproduce.digest(built[1]), reproduce.differences(*built)

    def test_the_flags_of_the_dockerfile_hide_the_folder(self):
        same, where = self.build_twice(lambda folder: reproduce.flags(folder) | DEBUG)
        self.assertTrue(same, where)

    def test_without_them_the_folder_is_found(self):
        same, where = self.build_twice(lambda folder: DEBUG)
        self.assertFalse(same)
        self.assertRegex(where, "bytes")


if __name__ == "__main__":
    unittest.main()
