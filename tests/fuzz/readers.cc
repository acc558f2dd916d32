#include "tests/fuzz/readers.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "api/panmodel.h"
#include "base/result.h"
#include "converters/convert.h"
#include "formats/format.h"
#include "formats/onnx/document.h"
#include "ir/builder.h"
#include "runtime/frame.h"
#include "runtime/probe.h"
#include "runtime/session.h"

namespace panmodel::fuzz {
namespace {

// A block of exactly that size, so that a sanitizer sees one byte too many.
Bytes exact_copy(std::span<const uint8_t> data) {
  auto block = std::make_shared<std::unique_ptr<std::byte[]>>(
      std::make_unique_for_overwrite<std::byte[]>(data.size()));
  if (!data.empty()) std::memcpy(block->get(), data.data(), data.size());
  return {std::span<const std::byte>(block->get(), data.size()), block};
}

// What was read without complaint must be usable without harm.
void use(const Model& model) {
  inspect_text(model);
  inspect_json(model);
  (void)guarded([&] {
    auto shared = std::make_shared<const Model>(model);
    runtime::Session session(shared, {.max_tensor_bytes = uint64_t{64} << 20});
    runtime::Prediction p = session.run(runtime::probe_rows(model, {.rows = 8, .seed = 1}));
    return runtime::PredictionTable(session.outputs(), p).rows();
  });
  (void)guarded([&] {
    const Format& onnx = *find_format("onnx");
    const WriteOptions options;
    Diagnostics out;
    Model legal = converters::convert(model, *onnx.make_target(options), {}, out);
    return written(onnx, legal, options, out).size();
  });
}

void run_format(std::string_view name, std::span<const uint8_t> data) {
  const Bytes bytes = exact_copy(data);
  const Format& format = *find_format(name);
  const ReadOptions options{"fuzz", kMemoryLimit, false};
  (void)guarded([&] { return sniff_format(bytes) != nullptr; });
  (void)guarded([&] {
    Diagnostics out;
    format.check(bytes, options, out);
    std::string text;
    for (const Diagnostic& d : out.list()) text += to_string(d);
    return text.size();
  });
  Diagnostics out;
  auto model = guarded([&] { return format.read(bytes, options, out); });
  if (model) use(*model);
}

void run_pickle(std::span<const uint8_t> data) { run_format("pickle", data); }

void run_pmml(std::span<const uint8_t> data) {
  run_format("pmml", data);
  (void)guarded([&] {
    Diagnostics out;
    return find_format("pmml")->read_embedded(exact_copy(data), {"fuzz", kMemoryLimit, false}, out).size();
  });
}

void run_onnx(std::span<const uint8_t> data) {
  run_format("onnx", data);
  // What is read is written back the same, twice over.
  const Bytes bytes = exact_copy(data);
  auto once = guarded([&] {
    return onnx::serialise(onnx::parse_model(bytes, {.file = "fuzz", .max_memory = kMemoryLimit}));
  });
  if (!once) return;
  auto twice = guarded([&] { return onnx::serialise(onnx::parse_model(Bytes::copy_of(*once))); });
  if (!twice || *twice != *once) std::abort();
}

std::shared_ptr<const Model> table_model() {
  auto model = std::make_shared<Model>();
  Builder builder(*model);
  builder.input("n", ColumnType{DType::f64, true});
  builder.input("i", ColumnType{DType::i64, true});
  builder.input("t", ColumnType{DType::string, true});
  return model;
}

// What is read is printed the same, twice over.
void run_panir(std::span<const uint8_t> data) {
  run_format("panir", data);
  const Format& format = *find_format("panir");
  const auto printed = [&](const Bytes& bytes) {
    return guarded([&] {
      Diagnostics out;
      return written(format, format.read(bytes, {"fuzz", kMemoryLimit, false}, out), {}, out);
    });
  };
  auto once = printed(exact_copy(data));
  if (!once) return;
  auto twice = printed(Bytes::copy_of(*once));
  if (!twice || *twice != *once) std::abort();
}

// The first byte chooses options; the rest is the file.
void run_csv(std::span<const uint8_t> data) {
  static const std::shared_ptr<const Model> model = table_model();
  const uint8_t choice = data.empty() ? 0 : data[0];
  const Bytes bytes = exact_copy(data.subspan(data.empty() ? 0 : 1));
  runtime::CsvOptions options{{}, "fuzz"};
  if ((choice & 1) != 0) options.missing = {"NA"};
  const size_t batch = (choice & 2) != 0 ? 3 : SIZE_MAX;
  Diagnostics out;
  (void)guarded([&] {
    runtime::read_csv(bytes, options, batch, [&](runtime::Frame frame) {
      (void)guarded([&] { return runtime::to_csv(frame).size(); });
      runtime::bind(*model, frame, {(choice & 4) != 0}, out);
    });
    return true;
  });
}

constexpr Reader kReaders[] = {{"csv", run_csv}, {"onnx", run_onnx}, {"panir", run_panir}, {"pickle", run_pickle},
                              {"pmml", run_pmml}};

}  // namespace

std::span<const Reader> readers() { return kReaders; }

const Reader* find_reader(std::string_view name) {
  for (const Reader& reader : kReaders) {
    if (reader.name == name) return &reader;
  }
  return nullptr;
}

}  // namespace panmodel::fuzz
