"""Builds the stand-ins for the base images, and the images of docker-compose.yml."""

import pathlib
import re
import shutil
import subprocess

import yaml

from support import ROOT

HERE = pathlib.Path(__file__).parent / "images"
SCRIPTS = pathlib.Path("/usr/share/debootstrap/scripts")
MIRROR = "http://deb.debian.org/debian"
ROOTS = {
    "bookworm": ["ca-certificates"],
    "trixie": ["ca-certificates", "redis-server", "rabbitmq-server", "postgresql-17"],
    "forky": ["ca-certificates", "nginx-light", "openssl"],
}
# The beginning of each base image's name → its stage in base.Dockerfile.
STAGES = {
    "docker.io/library/swift:": "swift", "docker.io/library/debian:": "debian", "docker.io/library/nginx:": "nginx",
    "docker.io/library/redis:": "redis", "docker.io/library/rabbitmq:": "rabbitmq",
    "docker.io/library/postgres:": "postgres"}


def exists(engine, name):
    return subprocess.run(
        ["podman", "image", "exists", name], env=engine.environment, check=False).returncode == 0


def build_roots(engine):
    for suite, packages in ROOTS.items():
        name = f"localhost/root/{suite}"
        if exists(engine, name):
            continue
        folder = engine.run_root.parent / "waybill-root"
        shutil.rmtree(folder, ignore_errors=True)
        # Bookworm's debootstrap knows suites until trixie; all have the script of sid.
        engine.run("debootstrap", "--variant=minbase", f"--include={','.join(packages)}", suite, folder, MIRROR,
                   SCRIPTS / "sid", timeout=600)
        shutil.rmtree(folder / "var" / "cache" / "apt", ignore_errors=True)
        tar = subprocess.Popen(["tar", "-C", folder, "-c", "."], stdout=subprocess.PIPE)
        engine.podman("import", "--change", 'CMD ["bash"]', "-", name, stdin=tar.stdout, timeout=300)
        tar.wait()
        shutil.rmtree(folder)


def base_names():
    """Names of images that the Dockerfiles and docker-compose.yml take from a registry."""
    texts = [path.read_text() for path in (ROOT / "infra" / "docker").glob("*.Dockerfile")]
    texts.append((ROOT / "docker-compose.yml").read_text())
    return sorted({name for text in texts for name in re.findall(r"docker\.io/library/[\w.:-]+", text)})


def build_bases(engine):
    toolchain = pathlib.Path(shutil.which("swift")).resolve().parent
    for name in base_names():
        stage = next(stage for prefix, stage in STAGES.items() if name.startswith(prefix))
        if not exists(engine, name):
            engine.run(
                "buildah", "bud", "--isolation", "chroot", "--network", "host", "--pull-never", "--format", "docker",
                "--target", stage, "--build-arg", f"TOOLCHAIN={toolchain}", "-f", HERE / "base.Dockerfile", "-t", name,
                HERE, timeout=600)
    return toolchain


def build(engine):
    """Builds what docker-compose.yml says, as it says."""
    build_roots(engine)
    toolchain = build_bases(engine)
    root = toolchain.parents[1]
    for service in described(engine)["services"].values():
        if "build" not in service:
            continue
        arguments = [
            word for name, value in service["build"].get("args", {}).items() for word in ("--build-arg", f"{name}={value}")]
        engine.run(
            "buildah", "bud", "--isolation", "chroot", "--network", "host", "--pull-never", "--format", "docker",
            "--layers", "-v", f"{root}:{root}:ro", *arguments, "-f", ROOT / service["build"]["dockerfile"],
            "-t", f"docker.io/{service['image']}", ROOT, timeout=1500)


def described(engine):
    """docker-compose.yml with its variables resolved."""
    return yaml.safe_load(engine.compose("--profile", "tools", "config", stderr=subprocess.DEVNULL))


def size(engine, name):
    """Megabytes of an image."""
    return engine.image(name)["Size"] / 1e6
