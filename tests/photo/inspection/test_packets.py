import pytest

from colorear.photo import provenance
from colorear.photo.inspection.packets import say_the_same

MARK = provenance.Provenance("0.1.0", "acuarela", "7ab61f9d", "00ff" * 16)


def packet(body: str, attributes: str = "") -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        f' xmlns:dc="http://purl.org/dc/elements/1.1/"{attributes}>{body}</rdf:Description>'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


TITLE = '<dc:title><rdf:Alt><rdf:li xml:lang="es">La abuela</rdf:li></rdf:Alt></dc:title>'


@pytest.mark.parametrize("body", ["", TITLE, "<xmp:Label>attic</xmp:Label>"])
def test_the_mark_changes_nothing(body):
    assert say_the_same([packet(body)], [provenance.merged(packet(body), MARK)])
    assert say_the_same([], [provenance.merged(None, MARK)])


@pytest.mark.parametrize(
    "changed",
    [TITLE.replace("abuela", "tia"), TITLE.replace('"es"', '"en"'), "", TITLE + TITLE],
    ids=["text", "language", "gone", "twice"],
)
def test_what_is_told_otherwise(changed):
    assert not say_the_same([packet(TITLE)], [packet(changed)])


def test_short_and_long_forms_are_the_same():
    assert say_the_same(
        [packet("", ' xmp:Label="attic"')], [packet("<xmp:Label>attic</xmp:Label>")]
    )


def test_what_extends_a_packet_counts():
    assert say_the_same([packet(TITLE)], [packet(""), packet(TITLE)])
    assert not say_the_same([packet(TITLE), packet("<xmp:Label>a</xmp:Label>")], [packet(TITLE)])


def test_one_that_is_no_xml_must_be_there_byte_for_byte():
    untidy = packet("<xmp:Label>Tom & Ana</xmp:Label>")
    marked = provenance.merged(untidy, MARK)
    assert say_the_same([untidy], [marked])
    assert not say_the_same([untidy], [marked.replace(b"Ana", b"Eva")])
    assert not say_the_same([untidy], [provenance.merged(None, MARK)])
    assert say_the_same([b"no XMP"], [provenance.merged(None, MARK)])


def test_what_could_do_harm_is_not_taken():
    bomb = b"<!DOCTYPE x [<!ENTITY a 'aaaa'>]>" + packet("<xmp:Label>&a;</xmp:Label>")
    assert say_the_same([bomb], [provenance.merged(bomb, MARK)])
    deep = packet("<xmp:a>" * 5000 + "</xmp:a>" * 5000)
    assert say_the_same([deep], [provenance.merged(deep, MARK)])
