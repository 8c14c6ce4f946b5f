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
    (tmp_path / "broken").write_bytes(b"\xc1")
    assert load_metadata(tmp_path / "broken") is None


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


def test_15_megabytes_take_little_memory() -> None:
    script = textwrap.dedent(
        """
        import resource
        from connector.systems.onec.metadata import read_metadata

        def parts():
            yield b'<?xml version="1.0"?><e:Edmx xmlns:e="x"><Schema xmlns="y" Namespace="StandardODATA">'
            for i in range(5900):
                names = "".join(
                    f'<Property Name="Реквизит{(i * 7 + j * 13) % 20000}" Type="Edm.String" Nullable="true"/>'
                    for j in range(28)
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

        stream, peak = Stream(), lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        before = peak()
        metadata = read_metadata(stream)
        assert len(metadata.types) == 5900 and stream.size > 12_000_000, stream.size
        print(peak() - before)
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) <= 30
