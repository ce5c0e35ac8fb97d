"""What Docker and E2B are asked, and what is said when they cannot do it. Both are fakes here."""

import pytest

from kapell.adapters.sandbox.docker.sandbox import Docker, DockerOptions
from kapell.adapters.sandbox.e2b.sandbox import E2b, E2bOptions
from kapell.kit.errors import Unavailable
from kapell.services.sandbox.ports import Program, SandboxLimits
from kapell.testing.sandboxes.docker import FakeDocker
from kapell.testing.sandboxes.e2b import KEY, FakeE2b
from tests.fixtures.sandboxes import bubblewrap_for

PROGRAM = Program(
    language="python",
    source="open('out', 'w').write(open('in').read() * 2); None",
    files={"in": b"ab"},
    limits=SandboxLimits(memory=64 << 20, processes=7, disk=8 << 20),
)


@pytest.mark.requirement("TL-01")
async def test_a_container_has_no_network_no_rights_and_ends_with_its_program() -> None:
    await bubblewrap_for("python")
    async with FakeDocker(frozenset({"py"})) as daemon:
        docker = Docker(DockerOptions(url=daemon.url, image="py", javascript="js"))
        execution = await docker.run(PROGRAM)
        assert execution.ok, execution
        assert dict(execution.changed) == {"out": b"abab"}
        (made,) = daemon.created
        host = made["HostConfig"]
        assert made["NetworkDisabled"] is True
        assert made["User"] == "65534:65534"
        assert host["NetworkMode"] == "none"
        assert host["ReadonlyRootfs"] is True
        assert host["CapDrop"] == ["ALL"]
        assert host["SecurityOpt"] == ["no-new-privileges"]
        assert host["Memory"] == host["MemorySwap"] == 64 << 20
        assert host["PidsLimit"] == 9
        assert f"size={8 << 20}" in host["Tmpfs"]["/work"]
        assert "Binds" not in host
        assert daemon.containers == {}


async def test_an_image_that_is_not_there_is_named_with_what_fetches_it() -> None:
    async with FakeDocker(frozenset()) as daemon:
        docker = Docker(DockerOptions(url=daemon.url, image="py:1", javascript="js"))
        assert (await docker.readiness()).ok
        with pytest.raises(Unavailable) as caught:
            await docker.run(PROGRAM)
    assert caught.value.code == "sandbox_unavailable"
    assert "docker pull py:1" in caught.value.advice


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "unix:///nowhere/docker.sock"])
async def test_a_daemon_that_does_not_answer_is_said(url: str) -> None:
    docker = Docker(DockerOptions(url=url, image="py", javascript="js"))
    ready = await docker.readiness()
    assert not ready.ok
    assert "does not answer" in ready.detail
    assert ready.advice
    with pytest.raises(Unavailable, match="does not answer"):
        await docker.run(PROGRAM)


@pytest.mark.requirement("TL-01")
async def test_a_machine_has_no_internet_and_is_taken_away() -> None:
    await bubblewrap_for("python")
    async with FakeE2b() as fake:
        e2b = E2b(E2bOptions(key=KEY, url=fake.url, machines=fake.machine_urls))
        assert (await e2b.readiness()).ok
        execution = await e2b.run(PROGRAM)
        assert execution.ok, execution
        assert dict(execution.changed) == {"out": b"abab"}
        (made,) = fake.created
        assert made["allow_internet_access"] is False
        assert made["secure"] is True
        assert made["timeout"] >= 30
        assert fake.machines == {}


async def test_a_key_that_is_none_is_said_and_never_shown() -> None:
    async with FakeE2b() as fake:
        options = E2bOptions(key="a-wrong-key", url=fake.url, machines=fake.machine_urls)
        e2b = E2b(options)
        ready = await e2b.readiness()
        assert not ready.ok
        assert "401" in ready.detail
        with pytest.raises(Unavailable) as caught:
            await e2b.run(PROGRAM)
    assert "a-wrong-key" not in f"{caught.value}{caught.value.advice}{options}{ready}"
