// Streams that attack the pickle machine: each is refused by name, at the opcode that must be named.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/format.h"
#include "formats/pickle/machine.h"

namespace panmodel::pickle {
namespace {

using namespace std::string_literals;

constexpr uint64_t kAny = UINT64_MAX;  // the offset is not what matters

struct Attack {
  const char* name;
  std::string stream;
  const char* code;  // "" = sound
  uint64_t offset = kAny;
};

template <class T>
std::string le(T value, size_t size = sizeof(T)) {
  std::string out;
  for (size_t i = 0; i < size; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}
std::string repeat(const std::string& text, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += text;
  return out;
}
// SHORT_BINUNICODE
std::string str(const std::string& text) { return "\x8c" + le(text.size(), 1) + text; }
std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
const std::string kP2 = "\x80\x02"s;
const std::string kP4 = "\x80\x04"s;
const std::string kP5 = "\x80\x05"s;
const std::string kCall = "(S'id'\ntR.";

std::string dtype(const std::string& code) {
  return global("numpy", "dtype") + "(" + str(code) + "\x89\x88tR";
}
// State of a plain little-endian dtype.
const std::string kPlain = "(K\x03" + str("<") + "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"s;
std::string f8() { return dtype("f8") + kPlain; }
// _reconstruct and its state: shape, dtype and data are opcodes that push one value each.
std::string array(const std::string& shape, const std::string& type, const std::string& data) {
  return global("numpy.core.multiarray", "_reconstruct") + global("numpy", "ndarray") +
         "K\0\x85\x43\x01"s + "b\x87R(K\x01" + shape + type + "\x89" + data + "tb";
}
std::string binbytes(const std::string& data) {
  return "B" + le(static_cast<uint32_t>(data.size())) + data;
}

std::vector<Attack> name_attacks() {
  const std::string os_system = global("os", "system");
  return {
      {"GLOBAL, REDUCE", os_system + kCall, "pickle-global", 0},
      {"GLOBAL, protocol 2", kP2 + global("posix", "system") + kCall, "pickle-global", 2},
      {"STACK_GLOBAL", kP4 + str("builtins") + str("eval") + "\x93.", "pickle-global", 18},
      {"memo out of order",
       "S'harmless'\np1\n0S'os'\np7\n0S'system'\np3\n0g7\ng3\n\x93.", "pickle-global", 46},
      {"memo out of order, unicode", "Vharmless\np1\n0Vos\np7\n0Vsystem\np3\n0g7\ng3\n\x93.",
       "pickle-global", 40},
      {"BINPUT and MEMOIZE mixed",
       kP4 + str("json") + "q\x05" + str("os") + "\x94" + str("system") + "\x94" + "000h\x01h\x02\x93.",
       "pickle-global", 31},
      {"noise between the names", kP4 + str("os") + "K\x01" + "0" + str("system") + "K\x02K\x03" + "00\x93.",
       "pickle-global", 23},
      {"INST", "(S'id'\nios\nsystem\n.", "pickle-global", 7},
      {"OBJ", "(" + os_system + "S'id'\no.", "pickle-global", 1},
      {"OBJ, popped", "(" + os_system + "S'id'\no0N.", "pickle-global", 1},
      {"NEWOBJ", kP4 + str("subprocess") + str("Popen") + "\x93)\x81.", "pickle-global", 21},
      {"NEWOBJ_EX", kP4 + str("subprocess") + str("Popen") + "\x93)}\x92.", "pickle-global", 21},
      {"dotted name", kP4 + str("sklearn.linear_model._base") + str("LinearRegression.fit.__globals__") + "\x93.",
       "pickle-global", 64},
      {"name that a module re-exports", kP4 + str("sklearn.linear_model._base") + str("os") + "\x93.",
       "pickle-global", 34},
      {"CRLF", "cos\r\nsystem\r\n.", "pickle-global", 0},
      {"name that is no UTF-8", "c\xff\xfe\nsystem\n.", "pickle-global", 0},
      {"names that are numbers", kP4 + "K\x01K\x02\x93.", "pickle-type", 6},
      {"names that are bytes", kP4 + "C\x02os" + "C\x06system" + "\x93.", "pickle-type", 14},
      {"EXT1", kP2 + "\x82\x01.", "pickle-opcode-refused", 2},
      {"EXT2", kP2 + "\x83\x01\0."s, "pickle-opcode-refused", 2},
      {"EXT4", kP2 + "\x84\x01\0\0\0."s, "pickle-opcode-refused", 2},
      {"PERSID", "Pid\n.", "pickle-opcode-refused", 0},
      {"BINPERSID", kP2 + "X\x01\0\0\0sQ."s, "pickle-opcode-refused", 8},
      {"NEXT_BUFFER", kP5 + "\x97.", "pickle-opcode-refused", 2},
      {"state of a class", global("sklearn.dummy", "DummyClassifier") + "}b.", "pickle-build", 32},
      {"state with dunder keys",
       kP2 + global("sklearn.dummy", "DummyClassifier") + ")\x81}" + "X\x09\0\0\0__class__"s + "K\x01sb.",
       "pickle-state"},
      {"slot state", kP2 + global("sklearn.dummy", "DummyClassifier") + ")\x81N}\x86" + "b.", "pickle-build"},
      {"call of a text", "S'x'\n)R.", "pickle-call"},
      {"call of a result",
       kP2 + global("functools", "partial") + global("numpy", "log1p") + "\x85R)R.", "pickle-call"},
      {"_codecs.encode with another codec", global("_codecs", "encode") + "(Vx\nVrot13\ntR.", "pickle-args"},
      {"bytearray of a length", kP2 + global("builtins", "bytearray") + "\x8a\x06\0\0\0\0\0\x01\x85R."s,
       "pickle-args"},
      {"dtype of a grammar", kP2 + global("numpy", "dtype") + "X\x09\0\0\0(9999,)f8\x85R."s, "pickle-args"},
      {"second pickle", kP2 + "N." + kP2 + os_system + kCall, "pickle-trailing", 4},
  };
}

std::vector<Attack> stream_attacks() {
  return {
      {"empty", "", "pickle-truncated", 0},
      {"STOP alone", ".", "pickle-stack", 0},
      {"no STOP", kP2 + "N", "pickle-truncated", 3},
      {"protocol 255", "\x80\xffN.", "pickle-proto", 0},
      {"PROTO within", kP2 + "\x80\x02N.", "pickle-proto", 2},
      {"unknown opcode", kP2 + "\xfe.", "pickle-opcode", 2},
      {"LONG4 of -1", kP2 + "\x8b\xff\xff\xff\xff.", "pickle-length", 2},
      {"LONG4 beyond the file", kP2 + "\x8b\xff\xff\xff\x7f\x01.", "pickle-truncated", 2},
      {"BINBYTES8 of 2^63", kP4 + "\x8e" + le(uint64_t{1} << 63) + "x.", "pickle-length", 2},
      {"BINUNICODE8 of 1 TiB", kP4 + "\x8d" + le(uint64_t{1} << 40) + "x.", "pickle-truncated", 2},
      {"BYTEARRAY8 of 1 TiB", kP5 + "\x96" + le(uint64_t{1} << 40) + "x.", "pickle-truncated", 2},
      {"frame beyond the file", kP4 + "\x95" + le(UINT64_MAX) + "N.", "pickle-frame", 2},
      {"frame that an argument leaves", kP4 + "\x95" + le(uint64_t{4}) + "B" + le(uint32_t{8}) + "12345678.",
       "pickle-frame", 11},
      {"frame within a frame", kP4 + "\x95" + le(uint64_t{30}) + "N\x95" + le(uint64_t{2}) + "N.",
       "pickle-frame", 12},
      {"frame behind STOP", kP4 + "\x95" + le(uint64_t{3}) + "N.N", "pickle-frame", 2},
      {"INT as hexadecimal", "I0x10\n.", "pickle-int", 0},
      {"INT with an underscore", "I1_0\n.", "pickle-int", 0},
      {"INT 01", "I01\n.", ""},
      {"INT of 100,000 digits", "I" + repeat("9", 100'000) + "\n.", "pickle-int", 0},
      {"LONG1 of 255 bytes", kP2 + "\x8a\xff" + repeat("\x7f", 255) + ".", ""},
      {"LONG_BINPUT of 2^32-1", kP2 + "]r\xff\xff\xff\xff.", ""},
      {"PUT -1", "Np-1\n.", "pickle-memo", 1},
      {"PUT of 10^30", "Np1" + repeat("0", 30) + "\n.", "pickle-memo", 1},
      {"GET of nothing", "g5\n.", "pickle-memo", 0},
      {"BINGET of nothing", kP2 + "h\x05.", "pickle-memo", 2},
      {"MEMOIZE of nothing", kP4 + "\x94N.", "pickle-stack", 2},
      {"MEMOIZE of a mark", kP4 + "(\x94N.", "pickle-stack", 3},
      {"DUP of a mark", "(2N.", "pickle-stack", 1},
      {"TUPLE without mark", "Nt.", "pickle-stack", 1},
      {"TUPLE3 of two", kP2 + "NN\x87.", "pickle-stack", 4},
      {"TUPLE2 over a mark", kP2 + "N(N\x86.", "pickle-stack", 5},
      {"SETITEMS of three", "}(NNNu.", "pickle-stack", 5},
      {"DICT of one", "(Nd.", "pickle-stack", 2},
      {"APPEND to an int", kP2 + "K\x01Na.", "pickle-type", 5},
      {"SETITEM on a list", kP2 + "]K\x01Ns.", "pickle-type", 6},
      {"ADDITEMS to a list", kP4 + "](K\x01\x90.", "pickle-type", 6},
      {"BUILD on None", "N}b.", "pickle-type", 2},
      {"two values at STOP", "NN.", "pickle-stack", 2},
      {"mark at STOP", "N(K\x01.", "pickle-stack"},
      {"bytes behind STOP", kP2 + "N.garbage", "pickle-trailing", 4},
      {"bytes in front", "\xff" + kP2 + "N.", "pickle-opcode", 0},
      {"line without end", "V" + repeat("a", 5000), "pickle-truncated", 0},
      {"text that is no UTF-8", kP4 + "\x8c\x02\xff\xfe.", "pickle-utf8", 2},
      {"lone surrogate", kP4 + "\x8c\x03\xed\xa0\x80.", "pickle-utf8", 2},
      {"STRING with one quote", "S'abc\n.", "pickle-string", 0},
      {"STRING with escapes", "S'a\\x41\\n\\''\n.", ""},
      {"UNICODE with escapes", "Va\\u00e9\\U0001F600\n.", ""},
      {"UNICODE beyond Unicode", "V\\U00110000\n.", "pickle-string", 0},
      {"FLOAT nan", "Fnan\n.", ""},
      {"FLOAT as hexadecimal", "F0x1p3\n.", "pickle-float", 0},
      {"Python 2 text with high bytes", kP2 + "U\x02\xe9\xff.", ""},
      {"list as a key", "}]K\x01s.", "pickle-type"},
      {"list within itself", kP2 + "]q\0h\0a."s, ""},
      {"tuple within its list", kP2 + "]q\0h\0\x85q\x01"s + "a.", ""},
      {"dict within itself", kP2 + "}q\0X\x01\0\0\0ah\0s."s, ""},
      {"estimator within its state",
       kP2 + global("sklearn.dummy", "DummyClassifier") + ")\x81q\0}X\x01\0\0\0ah\0sb."s, "pickle-cycle"},
      {"10^9 leaves by DUP", kP2 + "]" + repeat("", 0) + "K\x01" + "a" + repeat("2\x86", 30) + ".", ""},
      {"2^60 leaves by TUPLE2", kP2 + "K\x01" + repeat("2\x86", 60) + ".", ""},
      {"200,000 lists deep", repeat("]", 200'000) + repeat("a", 199'999) + ".", "pickle-limit-depth"},
      {"200,000 tuples deep", kP2 + ")" + repeat("\x85", 200'000) + ".", "pickle-limit-depth"},
      {"1,000,000 marks", repeat("(", 1'000'000) + ".", "pickle-limit-stack"},
  };
}

std::vector<Attack> array_attacks() {
  const std::string two = "K\x02\x85";
  const std::string data16 = binbytes(std::string(16, '\0'));
  return {
      {"sound array", kP4 + array(two, f8(), data16) + ".", ""},
      {"shape beyond 64 bits",
       kP4 + array("\x8a\x05\0\0\0\0\x01\x8a\x05\0\0\0\0\x01\x86"s, f8(), data16) + ".", "pickle-shape"},
      {"zeros do not excuse an overflow",
       kP4 + array("(K\0\x8a\x05\0\0\0\0\x01\x8a\x05\0\0\0\0\x01t"s, f8(), binbytes("")) + ".", "pickle-shape"},
      {"negative dimension", kP4 + array("J\xff\xff\xff\xff\x85", f8(), data16) + ".", "pickle-shape"},
      {"short data", kP4 + array(two, f8(), binbytes("12345678")) + ".", "pickle-shape"},
      {"element of 10^12 bytes", kP4 + dtype("V999999999999") + ".", "pickle-dtype"},
      {"2^62 elements of no bytes",
       kP4 + array("\x8a\x08\0\0\0\0\0\0\0\x40\x85"s, dtype("V0"), binbytes("")) + ".", "pickle-shape"},
      {"array state of one",
       kP4 + global("numpy.core.multiarray", "_reconstruct") + global("numpy", "ndarray") +
           "K\0\x85\x43\x01"s + "b\x87RK\x01\x85" + "b.",
       "pickle-state"},
      {"_reconstruct of a Pipeline",
       kP4 + global("numpy.core.multiarray", "_reconstruct") + global("sklearn.pipeline", "Pipeline") +
           "K\0\x85\x43\x01"s + "b\x87R.",
       "pickle-args"},
      {"field outside its element",
       kP4 + dtype("V8") + "(K\x03" + str("|") + "N" + str("a") + "\x85}" + str("a") + f8() +
           "K\x04\x86sK\x08K\x01K\x10tb.",
       "pickle-dtype"},
      {"object array of too few", kP4 + array("K\x05\x85", dtype("O8"), "]Na") + ".", "pickle-shape"},
      {"joblib wrapper without array",
       kP4 + global("joblib.numpy_pickle", "NumpyArrayWrapper") + ")\x81}b.", "pickle-state"},
      {"array file of joblib by a path",
       kP4 + global("joblib.numpy_pickle", "NDArrayWrapper") + ")\x81}" + str("filename") +
           str("../../etc/passwd") + "sb.",
       "pickle-path"},
      {"array file of joblib",
       kP4 + global("joblib.numpy_pickle", "NDArrayWrapper") + ")\x81}" + str("filename") +
           str("a.pkl_01.npy") + "sb.",
       "pickle-companion"},
  };
}

Bytes bytes_of(const std::string& stream) { return Bytes::copy_of(stream); }

void check_all(const std::vector<Attack>& attacks) {
  for (const Attack& a : attacks) {
    const Verdict verdict = judge(bytes_of(a.stream));
    const std::string code(verdict.refusal ? verdict.refusal->code : "");
    EXPECT_EQ(code, a.code) << a.name << ": " << (verdict.refusal ? verdict.refusal->message : "");
    if (a.offset == kAny || !verdict.refusal) continue;
    const auto* place = std::get_if<PickleLoc>(&verdict.refusal->location.at);
    ASSERT_NE(place, nullptr) << a.name;
    EXPECT_EQ(place->offset, a.offset) << a.name;
  }
}

TEST(PickleHostile, Names) { check_all(name_attacks()); }
TEST(PickleHostile, Streams) { check_all(stream_attacks()); }
TEST(PickleHostile, Arrays) { check_all(array_attacks()); }

TEST(PickleHostile, TruncatedAtEveryByte) {
  const std::string sound = kP4 + array("K\x02\x85", f8(), binbytes(std::string(16, '\0'))) + ".";
  for (size_t n = 0; n < sound.size(); ++n) {
    EXPECT_EQ(judge(bytes_of(sound.substr(0, n))).refusal->code, "pickle-truncated") << n;
  }
}

TEST(PickleHostile, TheLastOfEqualKeysWins) {
  const Document document = parse(bytes_of(kP2 + "}(K\x01K\x0aK\x02K\x14K\x01K\x1eu."));
  const auto pairs = document.root().pairs();
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0].value->integer(), 30);
  EXPECT_EQ(pairs[1].value->integer(), 20);
}

// check() goes on behind a refusal, and lists them all.
TEST(PickleHostile, EveryRefusalIsListed) {
  const std::string stream = kP2 + "(" + global("os", "system") + "(S'id'\ntR" + "\x82\x01" +
                             global("builtins", "eval") + "S'x'\n\x85R}b" + global("builtins", "bytearray") +
                             "\x8a\x06\0\0\0\0\0\x01\x85R"s + "l." + global("nt", "system") + ".";
  Diagnostics out;
  find_format("pickle")->check(bytes_of(stream), {"x.pkl", uint64_t{1} << 30, false}, out);
  std::vector<std::string> codes;
  for (const Diagnostic& d : out.list()) codes.emplace_back(d.code);
  EXPECT_EQ(codes, (std::vector<std::string>{"pickle-global", "pickle-opcode-refused", "pickle-global",
                                             "pickle-args", "pickle-trailing", "pickle-global"}));
}

// Few values, exponentially many paths through them.
TEST(PickleHostile, SharedEstimatorsAreNotReadAlongEveryPath) {
  const std::string pipeline = global("sklearn.pipeline", "FeatureUnion");
  std::string stream = kP4 + global("sklearn.preprocessing._data", "Normalizer") + ")\x81}" + str("norm") +
                       str("l2") + "s" + str("n_features_in_") + "K\x01" + "sb\x94";
  // {transformer_list: [(a, previous), (b, previous)]}, 40 times over.
  for (int i = 0; i < 40; ++i) {
    stream += "0" + pipeline + ")\x81}" + str("transformer_list") + "(" + str("a") + "h" + le(i, 1) + "\x86" +
              str("b") + "h" + le(i, 1) + "\x86" + "lsb\x94";
  }
  stream += ".";
  Diagnostics out;
  const Format& format = *find_format("pickle");
  const auto model = guarded([&] { return format.read(bytes_of(stream), {"x.pkl"}, out); });
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(model.error().kind, CodeKind::limit) << to_string(model.error());
}

TEST(PickleHostile, TextIsNotTakenForAPickle) {
  for (const char* text : {"id,a,b\n1,2,3\n", "tree\nversion=v3\nnum_class=1\n", "{\"a\": 1}", "<PMML/>",
                           "GIF89a", "Some text\nof two lines\n", "import os\nprint(1)\n", "0", ""}) {
    EXPECT_FALSE(looks_like_pickle(text)) << text;
  }
  for (const std::string& stream :
       {"(S'id'\nios\nsystem\n."s, "cos\nsystem\n."s, "(dp0\n."s, "L12345678901234567890L\n."s, kP4 + "N."}) {
    EXPECT_TRUE(looks_like_pickle(stream)) << stream;
  }
}

}  // namespace
}  // namespace panmodel::pickle
