// Documents whose segments are parsed one by one against the same documents parsed as a whole.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "formats/pmml/xml.h"

namespace panmodel::pmml {
namespace {

Bytes bytes_of(const std::string& text) { return Bytes::copy_of(text); }

// Everything that readers see: names, attributes, texts, places.
void print(const Element& e, std::string& out) {
  out += fmt::format("{} {} [{}]", e.name(), e.text(), to_string(e.place()));
  for (std::string_view a : e.attributes()) out += fmt::format(" {}={}", a, e.attribute(a));
  out += '\n';
  for (const Element& child : e.children()) print(child, out);
  if (e.is("Segment")) e.close();
}
std::string printed(const std::string& text, size_t large) {
  try {
    return read_document_of(bytes_of(text), "case.pmml", large, [](const Document& document) {
      std::string out;
      print(Element(document, document.root()), out);
      return out;
    });
  } catch (const Failure& f) {
    return to_string(f.diagnostic);
  }
}

// A model of about `size` bytes.
std::string model(size_t size, const std::string& inside = "") {
  std::string text = "<TreeModel functionName='regression'>" + inside + "\n";
  while (text.size() < size) text += "  <Node score=\"1\">\n    <True/></Node>\n";
  return text + "</TreeModel>";
}
std::string segment(const std::string& content, const std::string& prefix = "") {
  return "<" + prefix + "Segment id='a>b'>" + content + "</" + prefix + "Segment>\n";
}
std::string document(const std::string& segments) {
  return "<?xml version=\"1.0\"?>\n<PMML version=\"4.4\">\n<MiningModel><Segmentation>\n" + segments +
         "</Segmentation></MiningModel>\n<Extension/></PMML>\n";
}

bool cut(const std::string& text) {
  const auto parsed = Document::parse(bytes_of(text), "case.pmml", 0);
  const Element segmentation = Element(*parsed, parsed->root()).child("MiningModel").child("Segmentation");
  const auto segments = segmentation.children("Segment");
  return std::any_of(segments.begin(), segments.end(),
                     [](const Element& s) { return !s.mentions("no such word"); });
}

void expect_same(const std::string& text) {
  EXPECT_EQ(printed(text, 0), printed(text, SIZE_MAX)) << text;
}

TEST(PmmlXml, SegmentsOneByOne) {
  const std::string text = document(segment(model(900)) + segment(model(100)) + segment("") + "<Segment/>" +
                                    segment(model(2000, "<a:b a:c='&lt;1'/>&amp;x<![CDATA[</Segment>]]>")));
  EXPECT_TRUE(cut(document(segment(model(900)))));
  EXPECT_FALSE(cut(document(segment(model(100)))));
  expect_same(text);
  expect_same(document(segment(model(900), "p:") + segment(model(900), "p:")));
  expect_same(document(segment("<MiningModel><Segmentation>" + segment(model(700)) + segment(model(800)) +
                               "</Segmentation></MiningModel>") +
                       segment(model(900))));
}

TEST(PmmlXml, TagsThatAreNone) {
  const std::string real = segment(model(900));
  // In comments, in character data, in values; in pairs and alone; across the tags of real segments.
  for (const char* text : {"<!-- <Segment> -->", "<!-- </Segment> -->", "<![CDATA[<Segment>]]>",
                           "<![CDATA[</Segment>]]>", "<X a='<Segment>'/>", "<X a='</Segment>'/>", "<?p <Segment> ?>",
                           "<Segment a='</Segment>'/>", "<Segment a=\"'>\"/>"}) {
    const std::string odd = text;
    expect_same(document(odd + real + real));
    expect_same(document(real + odd + real));
    expect_same(document(odd + real + odd + real));
    expect_same(document(segment(model(900, odd)) + real));
    expect_same(document(segment(model(900) + odd) + real));
    expect_same(document(segment(odd + model(900)) + segment(model(900, odd))));
  }
  expect_same(document("<!-- " + real + " -->" + real));
  expect_same(document("<![CDATA[" + real + "]]>" + real));
  expect_same(document("<!-- <Segment> -->" + model(900) + "<!-- </Segment> -->" + real));
  expect_same(document("<X a='<Segment>'/>" + model(900) + "<X a='</Segment>'/>" + real));
  expect_same(document("<![CDATA[<Segment>]]>" + model(900) + "<![CDATA[</Segment>]]>" + real));
}

TEST(PmmlXml, MalformedSegments) {
  const std::string real = segment(model(900));
  for (const char* wrong : {"<", "<a>", "</a>", "<a></b>", "<!DOCTYPE x>", "<?xml version='1.0'?>", "<a b=1/>", "<!--",
                            "</Segment><Segment>", "<![CDATA[", "&", "<a b='\n/>"}) {
    for (const std::string& text :
         {document(real + segment(model(900) + wrong)), document(segment(model(900, wrong)) + real),
          document(segment(wrong + model(900)))}) {
      expect_same(text);
    }
  }
  const std::string text = document(real + segment(model(900)) + real);
  for (size_t size = 0; size < text.size(); size += 13) expect_same(text.substr(0, size));
}

TEST(PmmlXml, SegmentsThatNobodyReads) {
  const std::string text = document(segment(model(900)) + segment(model(900) + "<a>"));
  const auto read = [](const Document&) { return 0; };
  EXPECT_THROW(read_document_of(bytes_of(text), "case.pmml", 0, read), Failure);
  EXPECT_EQ(read_document_of(bytes_of(document(segment(model(900)))), "case.pmml", 0, read), 0);
}

TEST(PmmlXml, ElementsThatSegmentsMayHave) {
  const std::string text = document(segment(model(900)) + segment(model(900, "<ModelStats/>")) +
                                    segment(model(900, "<p:ModelStats/>")));
  const auto parsed = Document::parse(bytes_of(text), "case.pmml", 0);
  const auto segments = Element(*parsed, parsed->root()).child("MiningModel").child("Segmentation").children();
  ASSERT_EQ(segments.size(), 3U);
  EXPECT_FALSE(segments[0].mentions("ModelStats"));
  EXPECT_FALSE(segments[1].mentions("ModelExplanation"));
  EXPECT_TRUE(segments[1].mentions("ModelStats"));
  EXPECT_TRUE(segments[2].mentions("ModelStats"));
}

// A scan goes over a document in pieces of 4 MiB; tags may lie on their edges.
TEST(PmmlXml, TagsAcrossPieces) {
  constexpr size_t kPiece = size_t{1} << 22;
  const std::string head = "<PMML><MiningModel><Segmentation><X a='";
  for (size_t before = 0; before <= 11; ++before) {
    const std::string gap(kPiece - head.size() - before, '-');
    const std::string text = head + gap + "'/>" + segment(model(900)) + "</Segmentation></MiningModel></PMML>";
    const size_t tag = text.find("<Segment id");
    ASSERT_LE(tag, kPiece + 3);
    ASSERT_GE(tag + 8, kPiece);
    EXPECT_TRUE(cut(text)) << before;
  }
}

TEST(PmmlXml, MappedFiles) {
  std::string segments;
  while (segments.size() < 9'000'000) segments += segment(model(300'000, "<ModelStats/>"));
  const std::string text = document(segments);
  const auto path = std::filesystem::temp_directory_path() / fmt::format("panmodel-{}.pmml", ::getpid());
  write_file(path, std::as_bytes(std::span(text)), {.overwrite = true});
  const Bytes mapped = map_file(path);
  std::filesystem::remove(path);
  EXPECT_EQ(read_document_of(mapped, "case.pmml", Document::kLarge, [](const Document& read) {
              std::string out;
              print(Element(read, read.root()), out);
              return out;
            }),
            printed(text, SIZE_MAX));
  EXPECT_EQ(mapped.text(), text);
}

TEST(PmmlXml, OtherEncodings) {
  std::string text = document(segment(model(900, "<X a='\xe9'/>")));
  text.replace(0, 21, "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>");
  expect_same(text);
  expect_same("\xef\xbb\xbf" + document(segment(model(900, "<X a='\xc3\xa9'/>"))));
}

}  // namespace
}  // namespace panmodel::pmml
