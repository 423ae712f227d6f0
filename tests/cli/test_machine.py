"""The pretend machine at the prompt: root's view of the engine's directory, mounts, and what undo does."""

from __future__ import annotations

import pytest

from labkit import Lab
from labkit.engine import machine

MOUNT = "sudo mount -t overlay o -o lowerdir=low,upperdir=up,workdir=work m"
MADE = f"mkdir low up work m; echo low > low/x; {MOUNT}"


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.run("busybox", ["sleep", "1000"], name="box")
    return lab


def upper(lab: Lab) -> str:
    return lab.docker("inspect -f '{{.GraphDriver.Data.UpperDir}}' box").text.strip()


class TestTheEnginesDirectory:
    def test_only_root_may_look(self, lab: Lab) -> None:
        for line in (
            "ls /var/lib/docker",
            "cat /var/lib/docker/image",
            "cd /var/lib/docker && ls",
            "ls " + upper(lab),
        ):
            result = lab.shell(line)
            assert result.exit_code
            assert result.stderr.endswith("Permission denied\n"), line
        assert "overlay2\n" in lab.shell("sudo ls /var/lib/docker").text

    def test_names_are_those_of_inspect(self, lab: Lab) -> None:
        data = "{{range $k, $v := .GraphDriver.Data}}{{$v}} {{end}}"
        for of in ("box", "busybox"):
            lab.shell(f"P=$(docker inspect -f '{data}' {of} | sed 's/:/ /g')")
            shown = lab.shell("sudo ls -d $P").stderr
            # An image's layer is not mounted.
            assert shown.count("No such file") == {"box": 0, "busybox": 2}[of], shown

    def test_it_is_as_it_is_now_within_one_line(self, lab: Lab) -> None:
        home = upper(lab)
        change = "docker exec box sh -c 'rm /bin/ls; echo > /new'"
        line = f"sudo ls {home}; {change}; sudo ls {home} {home}/bin; docker rm -f box; sudo ls {home}"
        assert lab.shell(line).stdout == f"{home}:\nbin\nnew\n\n{home}/bin:\nls\nbox\n"

    def test_nothing_can_be_written_there(self, lab: Lab) -> None:
        merged = upper(lab).replace("/diff", "/merged")
        for place in (upper(lab), merged, "/var/lib/docker/volumes"):
            told = lab.shell(f"sudo touch {place}/x").stderr
            assert told == f"touch: cannot touch '{place}/x': Read-only file system\n"
        assert lab.shell("docker diff box").text == ""

    def test_nobody_looks_nothing_is_made(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        def made(engine: object) -> None:
            raise AssertionError

        monkeypatch.setattr(machine, "data_root", made)
        assert (
            "box"
            in lab.shell(
                "docker ps; ls -l; echo x > y; docker exec box ls; cat y; ls -l /; df /tmp; mount"
            ).text
        )

    @pytest.mark.parametrize("driver", ["vfs", "btrfs", "zfs", "aufs", "devicemapper", "fuse-overlayfs"])
    def test_other_drivers_have_an_empty_directory_and_no_overlay(self, driver: str) -> None:
        lab = Lab(storage_driver=driver)
        lab.run("busybox", ["sleep", "1000"], name="box")
        assert (
            lab.shell(f"sudo ls /var/lib/docker/{driver}; sudo ls /var/lib/docker/image").text
            == f"{driver}\n"
        )
        assert lab.shell("docker exec box head -1 /proc/mounts; mount | grep -c overlay").text == (
            "/dev/sda1 / ext4 rw,relatime 0 0\n0\n"
        )

    def test_two_images_that_share_layers_show_them_once(self, lab: Lab) -> None:
        lab.build("two", ["FROM busybox", "RUN echo > /two"])
        lab.docker("rmi -f busybox")
        assert lab.shell("sudo ls /var/lib/docker/overlay2/l | wc -l").text == "4\n"
        lab.docker("rm -f box")
        assert lab.shell("sudo ls /var/lib/docker/overlay2/l | wc -l").text == "2\n"
        lab.docker("rmi two")
        assert lab.shell("sudo ls /var/lib/docker/overlay2").text == "l\n"

    def test_layers_mounted_by_hand_show_what_is_merged(self, lab: Lab) -> None:
        lab.shell("docker exec box sh -c 'rm /bin/ls; rm -r /tmp /home; mkdir /home; echo > /home/x'")
        low = lab.docker("inspect -f '{{.GraphDriver.Data.LowerDir}}' box").text.strip()
        lab.shell(f"mkdir m; sudo mount -t overlay o -o lowerdir={upper(lab)}:{low} m")
        merged = upper(lab).replace("/diff", "/merged")
        assert "m/home/x" in lab.shell("find m").text
        assert (
            lab.shell("sudo sh -c 'cd m; find .'").text == lab.shell(f"sudo sh -c 'cd {merged}; find .'").text
        )


class TestMounts:
    def test_undo_takes_a_mount_back_and_reset_all(self, lab: Lab) -> None:
        lab.shell(MADE)
        lab.shell("sudo rm m/x")
        assert lab.shell("stat -c %h up/x; ls m").text == "2\n"
        lab.undo()
        assert lab.shell("ls m up").text == "m:\nx\n\nup:\n"
        lab.undo()
        assert lab.shell("mount | grep -c home; ls").text == "0\nREADME.txt\n"

    def test_a_layer_below_that_changes_is_seen(self, lab: Lab) -> None:
        lab.shell(MADE)
        assert lab.shell("echo more >> low/x; cat m/x; echo y > low/y; ls m").text == "low\nmore\nx\ny\n"
        assert lab.shell("rm -r up; ls m; sudo mkdir m/z").text.endswith("'m/z': No such file or directory\n")

    def test_nobody_but_root_mounts(self, lab: Lab) -> None:
        lab.shell("mkdir a b m")
        assert (
            lab.shell("mount -t overlay o -o lowerdir=a:b m").text
            == "mount: permission denied (are you root?)\n"
        )
        assert lab.shell("umount m").text == "umount: can't unmount m: Operation not permitted\n"
        lab.shell("docker exec box mkdir -p /a /b /m")
        words = (
            "mount: permission denied (are you root?)\numount: can't unmount /m: Operation not permitted\n"
        )
        inside = "mount -t overlay o -o lowerdir=/a:/b /m; umount /m"
        assert lab.shell(f"docker exec box sh -c '{inside}'").text == words

    def test_an_upper_directory_elsewhere_is_refused(self, lab: Lab) -> None:
        lab.shell("mkdir low m w")
        options = f"lowerdir=low,workdir=w,upperdir={upper(lab)}"
        assert lab.shell(f"sudo mount -t overlay o -o {options} m").text.endswith(
            " failed: Read-only file system\n"
        )
        merged = upper(lab).replace("/diff", "/merged")
        options = f"lowerdir=low,workdir=w,upperdir={merged}"
        assert lab.shell(f"sudo mount -t overlay o -o {options} m").text.endswith(
            " failed: Invalid argument\n"
        )

    def test_attributes_named_trusted_are_roots(self, lab: Lab) -> None:
        lab.shell(f"{MADE}; mkdir low/d; sudo rm -r m/d; sudo mkdir m/d")
        told = '# file: up/d\ntrusted.overlay.opaque="y"\n\n'
        assert lab.shell("getfattr -d -m - up/d; sudo getfattr -d -m - up/d m/d").text == told
        assert lab.shell("sudo chmod 700 up/d; sudo getfattr -d -m overlay -R up").text == told
        wrong = lab.shell("getfattr -z up")
        assert (wrong.exit_code, wrong.text.splitlines()[0]) == (2, "getfattr: invalid option -- 'z'")
        assert wrong.text.endswith(" path...\nTry `getfattr --help' for more information.\n")


class TestSudo:
    def test_it_runs_a_command_as_root_in_an_environment_of_roots(self, lab: Lab) -> None:
        assert lab.shell("sudo whoami; whoami; X=1 sudo env | sort").text == (
            "root\nlearner\nHOME=/root\nLOGNAME=root\n"
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nUSER=root\n"
        )
        assert lab.shell("sudo X=1 sh -c 'echo $X; id -u'; id -u").text == "1\n0\n1000\n"
        assert lab.shell("sudo docker ps -q | wc -l; sudo nothing; sudo; sudo cd /").text == (
            "1\nsudo: nothing: command not found\n"
            "sudo: which command? Here sudo runs one command as root: sudo ls /var/lib/docker\n"
            "sudo: cd: command not found\n"
        )

    def test_root_is_root_only_for_that_command(self, lab: Lab) -> None:
        lab.shell("sudo sleep 100000")
        told = lab.shell("sudo sh -c 'exit 3'; echo $?; touch /x").text
        assert told == "3\ntouch: cannot touch '/x': Permission denied\n"
        assert lab.shell("sudo touch /x; stat -c %U /x").text == "root\n"

    def test_a_container_has_none(self, lab: Lab) -> None:
        assert lab.shell("docker exec box sudo ls").exit_code == 126
        assert "sudo" in lab.shell("docker exec box sh -c 'sudo ls'").stderr


class TestDf:
    def test_what_the_engine_keeps_takes_room(self, lab: Lab) -> None:
        line = "df / | tail -1 | sed 's/  */ /g'"
        before = int(lab.shell(line).text.split()[2])
        lab.docker("pull nginx:1.15.12")
        after = lab.shell(line).text.split()
        assert after[:2] == ["/dev/sda1", "67108864"]
        assert int(after[2]) - before > 100_000
        assert lab.shell(f"docker exec box {line.split('|')[0]} | tail -1").text.split()[2] == after[2]

    def test_the_disk_is_as_large_as_the_lab_says(self) -> None:
        lab = Lab(disk_size=20 << 30)
        assert lab.shell("df -h /").text == (
            "Filesystem                Size      Used Available Use% Mounted on\n"
            "/dev/sda1                20.0G      4.0G     16.0G  20% /\n"
        )

    def test_what_a_user_may_not_see_he_is_told(self, lab: Lab) -> None:
        assert lab.shell("df").stderr.endswith("/merged: Permission denied\n")
        assert lab.shell("sudo df").stdout.count("overlay") == 2
