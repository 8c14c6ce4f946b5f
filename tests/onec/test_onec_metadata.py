"""`$metadata`: read as it comes, in little memory, and never trusted."""

from __future__ import annotations

import io
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from connector.systems.onec.metadata import load_metadata, read_metadata, save_metadata
from connector.systems.onec.safexml import NotXml, elements, events, whole

EDMX = """<?xml version="1.0" encoding="UTF-8"?>
<edmx:Edmx xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx" Version="1.0"><edmx:DataServices>
<Schema xmlns="http://schemas.microsoft.com/ado/2009/11/edm" Namespace="StandardODATA">
<EntityType Name="Catalog_Контрагенты"><Key><PropertyRef Name="Ref_Key"/></Key>
 <Property Name="Ref_Key" Type="Edm.Guid" Nullable="false"/><Property Name="ИНН" Type="Edm.String" Nullable="true"/>
 <Property Name="Контакты" Type="Collection(StandardODATA.Catalog_Контрагенты_Контакты_RowType)" Nullable="true"/>
 <NavigationProperty Name="Партнер" Relationship="StandardODATA.x" FromRole="Begin" ToRole="End"/></EntityType>
<ComplexType Name="Catalog_Контрагенты_Контакты_RowType"><Property Name="Тип" Type="Edm.String"/></ComplexType>
<EntityType Name="AccumulationRegister_пр_Остатки"><Key><PropertyRef Name="Recorder"/>
 <PropertyRef Name="Recorder_Type"/></Key><Property Name="Recorder" Type="Edm.String"/></EntityType>
<EntityContainer Name="EnterpriseV8">
 <EntitySet Name="Catalog_Контрагенты" EntityType="StandardODATA.Catalog_Контрагенты"/>
 <EntitySet Name="AccumulationRegister_пр_Остатки" EntityType="StandardODATA.AccumulationRegister_пр_Остатки"/>
 <FunctionImport Name="Balance" IsBindable="true" ReturnType="Collection(StandardODATA.x)">
  <Parameter Name="bindingParameter" Type="StandardODATA.AccumulationRegister_пр_Остатки"/>
  <Parameter Name="Period" Type="Edm.DateTime"/></FunctionImport>
 <FunctionImport Name="Post" IsBindable="true" EntitySetPath="Catalog_Контрагенты"/>
</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"""


def test_what_a_base_offers() -> None:
    metadata = read_metadata(io.BytesIO(EDMX.encode()))
    assert "Catalog_Контрагенты" in metadata and "Catalog_Номенклатура" not in metadata
    assert metadata.properties("Catalog_Контрагенты")["ИНН"] == "Edm.String"
    assert "Партнер" not in metadata.properties("Catalog_Контрагенты")
    assert metadata.rows("Catalog_Контрагенты", "Контакты") == {"Тип": "Edm.String"}
    assert metadata.keys["AccumulationRegister_пр_Остатки"] == ("Recorder", "Recorder_Type")
    assert metadata.offers("AccumulationRegister_пр_Остатки", "Balance")
    assert not metadata.offers("AccumulationRegister_пр_Остатки", "Turnovers")
    assert metadata.offers("Catalog_Контрагенты", "Post")
    assert metadata.lacking("Catalog_Контрагенты", ("ИНН", "КПП")) == ["КПП"]
    assert metadata.lacking("Catalog_Нет", ("ИНН",)) == ["ИНН"]


def test_it_is_kept_in_a_file(tmp_path: Path) -> None:
    metadata = read_metadata(io.BytesIO(EDMX.encode()))
    save_metadata(metadata, tmp_path / "cache" / "base.bin")
    assert load_metadata(tmp_path / "cache" / "base.bin") == metadata
    assert load_metadata(tmp_path / "absent") is None
    whole_file = (tmp_path / "cache" / "base.bin").read_bytes()
    for broken in (b"\xc1", whole_file[:-3], whole_file.replace(b"\x0c\x00\x00\x00", b"\xff\xff\x00\x00")):
        (tmp_path / "broken").write_bytes(broken)
        kept = load_metadata(tmp_path / "broken")
        assert kept is None or kept == metadata


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html><body>login</body></html>",
        EDMX[:700],
        EDMX.replace("<edmx:Edmx", '<!DOCTYPE x [<!ENTITY a "b">]><edmx:Edmx', 1),
        "<?xml version='1.0'?><!-- " + "x" * 100_000 + " --><!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
    ],
)
def test_anything_else_is_refused(body: str) -> None:
    with pytest.raises(NotXml):
        read_metadata(io.BytesIO(body.encode()))


def test_a_doctype_is_refused_in_every_encoding_and_however_it_is_fed() -> None:
    evil = "<?xml version='1.0' encoding='utf-16'?><!doctype a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"

    class Dribble(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(1)

    for stream in (io.BytesIO(evil.encode("utf-16")), Dribble(evil.replace("utf-16", "utf-8").encode())):
        with pytest.raises(NotXml, match="document type"):
            list(events(stream))
    with pytest.raises(NotXml, match="document type"):
        whole(b"<!DOCTYPE a><a/>")


def test_a_doctype_inside_the_data_is_only_a_text() -> None:
    body = "<a><b><![CDATA[<!DOCTYPE html><p>описание</p>]]></b></a>".encode()
    assert [element.text for element in elements(io.BytesIO(body), {"b"})] == ["<!DOCTYPE html><p>описание</p>"]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not tell the peak of memory")
def test_15_megabytes_take_little_memory(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from connector.systems.onec.metadata import load_metadata, read_metadata, save_metadata

        def parts():
            yield b'<?xml version="1.0"?><e:Edmx xmlns:e="x"><Schema xmlns="y" Namespace="StandardODATA">'
            for i in range(5900):
                names = "".join(
                    f'<Property Name="Реквизит{(i * 7 + j * 13) % 20000}" Type="Edm.String" Nullable="true"/>'
                    for j in range(34)
                )
                yield f'<EntityType Name="Catalog_С{i}"><Key><PropertyRef Name="K"/></Key>{names}</EntityType>'.encode()
            for i in range(4300):
                yield f'<EntitySet Name="Catalog_С{i}" EntityType="StandardODATA.Catalog_С{i}"/>'.encode()
            yield b'</Schema></e:Edmx>'

        class Stream:
            def __init__(self):
                self.parts, self.size = parts(), 0
            def read(self, size=-1):
                part = next(self.parts, b"")
                self.size += len(part)
                return part

        def peak():  # of this process alone: ru_maxrss begins with that of the process which started it
            status = Path("/proc/self/status").read_text()
            return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM"))

        stream = Stream()
        before = peak()
        metadata = read_metadata(stream)
        assert len(metadata.types) == 5900 and stream.size > 15_000_000, stream.size
        read = peak() - before
        save_metadata(metadata, Path(sys.argv[1]))
        assert load_metadata(Path(sys.argv[1])) is not None
        print(read, peak() - before)
        """
    )
    file = tmp_path / "base.metadata"
    done = subprocess.run([sys.executable, "-c", script, str(file)], capture_output=True, text=True, check=True)
    read, kept = map(int, done.stdout.split())
    assert read <= 30, "megabytes above the level after the imports"
    assert kept <= 30, "the same, with a second one read from the file"
