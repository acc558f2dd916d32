// The text form: what survives it, and what its reader says about text that is wrong.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "base/text.h"
#include "ir/builder.h"
#include "ir/ops/encode.h"
#include "ir/ops/foreign.h"
#include "ir/ops/linear.h"
#include "ir/ops/scale.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_shape.h"
#include "ir/ops/tree.h"
#include "ir/text/parse.h"
#include "ir/text/print.h"
#include "ir/verify.h"

namespace panmodel {
namespace {

Model parsed(std::string_view text) {
  Diagnostics out;
  Model model = parse_model(text, {}, out);
  for (const Diagnostic& d : out.list()) ADD_FAILURE() << to_string(d);
  return model;
}

// "1:7 ir-parse: message" of each finding, the last one thrown or not.
std::string complaints(std::string_view text, const ParseOptions& options = {}) {
  Diagnostics out;
  try {
    parse_model(text, options, out);
  } catch (const Failure& f) {
    out.add(f.diagnostic);
  }
  std::string all;
  for (const Diagnostic& d : out.list()) {
    const auto* at = std::get_if<TextLoc>(&d.location.at);
    all += fmt::format("{}{} {}: {}", all.empty() ? "" : "\n",
                       at ? fmt::format("{}:{}", at->line, at->column) : "?", d.code, d.message);
  }
  return all;
}

Tensor through_text(const Tensor& value) {
  Model model;
  Builder b(model);
  b.constant(value);
  Model back = parsed(print_model(model));
  return back.graph.nodes.at(0).as<tensor::Constant>()->value;
}

template <class T>
Tensor raw(DType dtype, std::initializer_list<T> bits) {
  std::vector<T> values(bits);
  return Tensor::view(dtype, {static_cast<int64_t>(values.size())},
                      Bytes::copy_of({reinterpret_cast<const char*>(values.data()),
                                      values.size() * sizeof(T)}));
}

TEST(Panir, EveryBitOfAnElementSurvives) {
  auto survives = [](const Tensor& t) {
    EXPECT_TRUE(through_text(t).same_bits(t)) << to_string(t.dtype());
  };
  survives(raw<uint64_t>(DType::f64, {0, 0x8000000000000000u, 1, 0x7ff0000000000000u,
                                      0xfff0000000000000u, 0x7ff8000000000000u,
                                      0x7ff0000000000001u, 0xffffffffffffffffu,
                                      0x3fb999999999999au, 0x7fefffffffffffffu}));
  survives(raw<uint32_t>(DType::f32, {0, 0x80000000u, 1, 0x7f800000u, 0x7fc00000u, 0x7f800001u,
                                      0xffc00001u, 0x3dcccccdu, 0x7f7fffffu}));
  // All of the small types.
  std::vector<uint16_t> halves(65536);
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<uint16_t>(i);
  std::string_view bytes(reinterpret_cast<const char*>(halves.data()), 2 * halves.size());
  for (DType d : {DType::f16, DType::bf16, DType::i16, DType::u16}) {
    survives(Tensor::view(d, {256, 256}, Bytes::copy_of(bytes)));
  }
  std::string all(256, '\0');
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i);
  for (DType d : {DType::i8, DType::u8, DType::boolean, DType::f8e4m3fn, DType::f8e4m3fnuz,
                  DType::f8e5m2, DType::f8e5m2fnuz, DType::f8e8m0, DType::f4e2m1, DType::i4,
                  DType::u4, DType::i2, DType::u2}) {
    survives(Tensor::view(d, {256}, Bytes::copy_of(all)));
  }
  uint64_t parts[] = {0x7ff0000000000001u, 0x8000000000000000u};
  survives(Tensor::view(DType::c128, {1}, Bytes::copy_of({reinterpret_cast<const char*>(parts), 16})));
  survives(Tensor::of({2}, std::vector<int64_t>{INT64_MIN, INT64_MAX}));
  survives(Tensor::of({1}, std::vector<uint64_t>{UINT64_MAX}));
  survives(Tensor::of({2}, std::vector<uint32_t>{0, UINT32_MAX}));
  survives(Tensor::of({2}, std::vector<int32_t>{INT32_MIN, INT32_MAX}));
  survives(Tensor::of({2, 2}, std::vector<std::string>{"", all, "\xc3\xa4 \\ \"", "a\xff"}));
  survives(Tensor::of({}, std::vector<double>{0.1}));
  survives(Tensor::of({0, 3}, std::vector<double>{}));
  survives(Tensor::of({2, 0}, std::vector<std::string>{}));
}

TEST(Panir, ComplexElementsKeepBothParts) {
  std::vector<uint32_t> bits = {0x3f800000u, 0x7f800001u, 0x80000000u, 0x40000000u};
  Tensor t = Tensor::view(DType::c64, {2}, Bytes::copy_of({reinterpret_cast<const char*>(bits.data()), 16}));
  EXPECT_TRUE(through_text(t).same_bits(t));
}

Model everything() {
  Model model;
  model.metadata = {"pickle", "protocol 5", "scikit-learn", "1.9.0", "a \"name\"", "two\nlines",
                    {{"k", "v"}, {"", "\x01"}}};
  model.steps = {{"steps[0]", "StandardScaler", "with_mean=True"}, {"", "", ""}};
  Builder b(model);
  ValueId x = b.input("X", TensorType{DType::f64, std::vector<Dim>{Dim("batch size"), 2}}, {"a", "b c"});
  ValueId any = b.input("any", TensorType{DType::f32, std::nullopt});
  b.name_value(any, "renamed");
  b.at(PickleLoc{"steps[1].estimators_[3]", 7, "BUILD"});
  ValueId scaled = b.add(ml::Scaler{.offset = {0.1, std::nan("")}, .scale = {1, 1e-310}}, {x}, "scale");
  b.at(MemberLoc{"data.pkl", std::make_shared<Location>(ProtoLoc{"graph.node[1]", -1})});
  ml::TreeEnsemble trees;
  Forest& f = trees.forest;
  f.add_node(NodeMode::leq, 1, 0.1, 1, 2, true);
  f.add_leaf();
  f.add_weight(0, 0.25);
  f.add_node(NodeMode::member, 0, 0, 3, 4, false);
  f.add_leaf();
  f.add_weight(1, -0.0);
  f.add_weight(0, 3);
  f.add_leaf();
  f.roots = {0};
  f.set_begin = {0, 2};
  f.set_value = {1, 5};
  f.threshold[4] = -2;  // a leaf with a threshold of its own
  trees.targets = 2;
  ValueId score = b.add(std::move(trees), {scaled});
  b.at(FusedLoc{std::make_shared<Location>(XmlLoc{"PMML/TreeModel", 3, 5}),
               std::make_shared<Location>(JsonLoc{"/cells/m", 7, 9})});
  ValueId column = b.input("late", ColumnType{DType::string, true});
  ml::LabelMap map{Tensor::vector(std::vector<std::string>{"x", "y"}),
                   Tensor::vector(std::vector<int64_t>{1, 2}), std::nullopt,
                   Tensor::scalar(int64_t{-1})};
  ValueId mapped = b.add(std::move(map), {column});
  b.at(BytesLoc{9});
  ValueId clipped = b.add(tensor::Clip{}, {score, ValueId{}, b.constant(Tensor::scalar(1.0))});
  b.name_value(clipped, "clipped");
  b.add_all(foreign::Op{"onnx", "com.example", "Odd", 3, std::string("\0\xff", 2),
                        {"seq<map<string,f32[]>>", "f64[*]"}}, {any});
  b.output("predict", mapped, Role::label, Tensor::vector(std::vector<int64_t>{1, 2}));
  b.output("proba", clipped, Role::probability, Tensor::vector(std::vector<std::string>{"p", "q"}));
  return model;
}

TEST(Panir, ModelSurvives) {
  Model model = everything();
  std::string text = print_model(model);
  Model back = parsed(text);
  EXPECT_EQ(print_model(back), text);
  ASSERT_EQ(back.graph.nodes.size(), model.graph.nodes.size());
  ASSERT_EQ(back.graph.values.size(), model.graph.values.size());
  for (size_t i = 0; i < model.graph.nodes.size(); ++i) {
    const Node& a = model.graph.nodes[i];
    const Node& b = back.graph.nodes[i];
    EXPECT_EQ(a.op, b.op);
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.inputs, b.inputs);
    EXPECT_EQ(a.outputs, b.outputs);
    EXPECT_TRUE(op_info(a.op).equal(a.payload.get(), b.payload.get())) << text;
    EXPECT_TRUE(model.location(a.loc) == back.location(b.loc) || !model.location(a.loc).known());
  }
  for (size_t i = 0; i < model.graph.values.size(); ++i) {
    EXPECT_EQ(model.graph.values[i].type, back.graph.values[i].type);
    EXPECT_EQ(model.graph.values[i].name, back.graph.values[i].name);
  }
  EXPECT_EQ(back.metadata.properties, model.metadata.properties);
  EXPECT_EQ(back.metadata.doc, model.metadata.doc);
  EXPECT_EQ(back.steps.size(), 2u);
  EXPECT_EQ(back.inputs[0].features, model.inputs[0].features);
  EXPECT_TRUE(back.outputs[1].keys.same_bits(model.outputs[1].keys));
  EXPECT_EQ(back.outputs[0].role, Role::label);
}

TEST(Panir, ShortFormShowsTheFirstElementsAndAHash) {
  Model model;
  Builder b(model);
  std::vector<double> values(100, 0.5);
  b.constant(Tensor::vector(values));
  values[99] = 0.25;
  b.constant(Tensor::vector(values));
  std::string text = print_model(model, {.full = false});
  EXPECT_NE(text.find("0.5, ... 92 more, hash "), std::string::npos) << text;
  auto hash = [&](size_t from) { return text.substr(text.find("hash ", from), 21); };
  EXPECT_NE(hash(0), hash(text.find("hash ") + 1));
  EXPECT_EQ(complaints(text), "3:60 ir-parse: expected a number of type f64, found '...': this text was shortened");
}

TEST(Panir, SaysWhereAndWhatWasExpected) {
  auto with = [](std::string_view line) {
    return "panir 1\ninput \"X\" %0: f64[N,2]\n" + std::string(line);
  };
  EXPECT_EQ(complaints(""), "1:1 ir-parse: expected 'panir', the first word of a .panir text, found the end of the text");
  EXPECT_EQ(complaints("panir 2"), "1:7 ir-parse: unknown version of the text form, expected 1");
  EXPECT_EQ(complaints(with("%1 = ml.scalar(%0)")), "3:6 ir-parse: unknown operator 'ml.scalar'");
  EXPECT_EQ(complaints(with("%1 = ml.scaler(%7)")), "3:16 ir-parse: value %7 is not made above");
  EXPECT_EQ(complaints(with("%0 = ml.scaler(%0)")), "3:1 ir-parse: value %0 is made twice");
  EXPECT_EQ(complaints(with("%1 = ml.scaler(%0) {offset=[1.0, x]}")), "3:34 ir-parse: expected a number, found 'x'");
  EXPECT_EQ(complaints(with("%1 = ml.scaler(%0) {form=division}")),
            "3:26 ir-parse: expected one of subtract_divide, subtract_multiply, multiply_add, found 'division'");
  EXPECT_EQ(complaints(with("%1 = ml.scaler(%0) {scale=[1.0], offset=[1.0]}")),
            "3:34 ir-parse: expected a field of ml.scaler, in this order: form, offset, scale, found 'offset'");
  EXPECT_EQ(complaints(with("%1 = ml.linear(%0) {coef=f64[2,2](1.0, 2.0)}")),
            "3:26 ir-parse: expected 4 elements, found 2");
  EXPECT_EQ(complaints(with("%1 = ml.linear(%0) {coef=f16[1](0.1)}")),
            "3:33 ir-parse: expected a number of type f16, found '0.1'");
  EXPECT_EQ(complaints(with("output \"y\" %0 wert")),
            "3:15 ir-parse: expected a role: none, label, probability, decision, value, cluster, "
            "anomaly_score, transformed, found 'wert'");
  EXPECT_EQ(complaints(with("name \"a\\q\"")), "3:8 ir-parse: unknown escape, expected one of \\n \\t \\r \\\" \\\\ \\xNN");
  EXPECT_EQ(complaints(with("name \"a")), "3:6 ir-parse: the quoted text does not end on its line");
}

TEST(Panir, CollectsWhatIsWellFormedButWrong) {
  EXPECT_EQ(complaints("panir 1\n"
                       "input \"X\" %0: f64[N,2]\n"
                       "input \"X\" %1: f64[N,2]\n"
                       "%2: f64[N,2] = ml.scaler(%0) {offset=[1.0, 2.0, 3.0]}\n"
                       "  %3: f32[N,2] = ml.scaler(%2)\n"),
            "4:1 ir-type: ml.scaler: input 0 has 2 columns, expected 3\n"
            "5:3 ir-type: value %3 has type f32[N,2], ml.scaler gives f64[N,2]");
  EXPECT_EQ(complaints("panir 1 input \"X\" %0: f64[N,2] input \"X\" %1: f64[N,2]"),
            "? ir-signature: two inputs are called \"X\"");
}

TEST(Panir, HostileTextCostsNoMoreThanItsLimit) {
  std::string start = "panir 1\n%0 = tensor.constant() {value=";
  EXPECT_EQ(complaints(start + "f64[1000000000000](1.0)}"), "2:31 ir-parse: expected 1000000000000 elements, found 1");
  EXPECT_EQ(complaints(start + "f64[4611686018427387904,16]()}"), "2:31 ir-shape: the product of the dimensions is too large");
  std::string many = start + "string[100000](";
  for (int i = 0; i < 100000; ++i) many += "\"\",";
  EXPECT_EQ(complaints(many, {.memory_limit = 1 << 20}), "? limit-memory: the elements of the text need more than 1048576 bytes");
  std::string deep = "panir 1\ninput \"X\" %0: ";
  for (int i = 0; i < 100000; ++i) deep += "seq<";
  EXPECT_EQ(complaints(deep).substr(0, 14), "2:15 ir-parse:");
  std::string places = "panir 1\n%0 = tensor.constant() {value=f64[](1.0)} @";
  for (int i = 0; i < 100000; ++i) places += "fused(";
  EXPECT_NE(complaints(places).find("a place is nested too deeply"), std::string::npos);
}

TEST(Panir, CutOrChangedTextNeverCrashes) {
  std::string text = print_model(everything());
  for (size_t n = 0; n < text.size(); ++n) complaints(text.substr(0, n));
  uint32_t state = 1;
  for (int i = 0; i < 3000; ++i) {
    std::string changed = text;
    for (int k = 0; k < 3; ++k) {
      state = state * 1664525u + 1013904223u;
      changed[(state >> 8) % changed.size()] = static_cast<char>(state >> 24);
    }
    complaints(changed);
  }
}

TEST(Verify, NamesEveryBrokenInvariant) {
  Model model = everything();
  auto findings = [&](const Model& m) {
    Diagnostics out;
    verify(m, {.infer = true}, out);
    std::string all;
    for (const Diagnostic& d : out.list()) all += std::string(d.code) + ": " + d.message + "\n";
    return all;
  };
  EXPECT_EQ(findings(model), "");
  Model m = model;
  m.graph.nodes[0].inputs[0] = ValueId{3};
  m.outputs[1].keys = Tensor::vector(std::vector<int64_t>{1});
  m.outputs[0].name = "proba";
  m.inputs[0].features.pop_back();
  EXPECT_EQ(findings(m), "ir-graph: ml.scaler \"scale\" uses value 3 before it is made\n"
                         "ir-signature: input \"X\" has 2 columns and names 1\n"
                         "ir-signature: two outputs are called \"proba\"\n"
                         "ir-signature: output \"proba\" has 2 columns and 1 keys\n");
  m = model;
  m.graph.values[2].type = tensor_type(DType::f32, {"N", 2});
  m.graph.values[3].producer = NodeId{0};
  m.graph.values.push_back({tensor_type(DType::f64, {Dim(-7)}), "", {}, 0});
  EXPECT_EQ(findings(m), "ir-graph: value 3 does not name ml.tree_ensemble as its producer\n"
                         "ir-graph: nothing makes value 10\n"
                         "ir-type: result 0 of ml.scaler \"scale\" has type f32[N,2], expected f64[\"batch size\",2]\n"
                         "ir-type: result 0 of ml.tree_ensemble has type f64[\"batch size\",2], expected f64[N,2]\n");
  m = model;
  m.graph.nodes[1].payload = nullptr;
  EXPECT_EQ(findings(m).substr(0, 33), "ir-graph: node 1 has no operator\n");
  m = model;
  m.graph.values[0].type = SeqType{};
  EXPECT_NE(findings(m).find("ir-type: the type of value 0 has an element without a type"), std::string::npos);
}

TEST(Text, QuotedTextIsTakenBack) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  std::string quoted = quote(all) + "rest";
  std::string_view left = quoted;
  EXPECT_EQ(take_quoted(left), all);
  EXPECT_EQ(left, "rest");
  for (const char* bad : {"", "a", "\"", "\"\\", "\"\\x", "\"\\xg0\"", "\"\\z\"", "\"\n\""}) {
    std::string_view text = bad;
    EXPECT_FALSE(take_quoted(text)) << bad;
  }
}

}  // namespace
}  // namespace panmodel
