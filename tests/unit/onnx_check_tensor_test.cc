// The structural check of tensors: dense, sparse and in external files.
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "formats/onnx/external_data.h"
#include "tests/unit/onnx_check.h"

namespace panmodel::onnx {
namespace {

Diagnostics with_tensor(const std::function<void(TensorProto&)>& change) {
  return broken([&](ModelProto& m) {
    m.graph->initializer.push_back(vector("w", {1, 2}));
    change(m.graph->initializer[0]);
  });
}

TEST(OnnxCheck, Tensors) {
  const char* place = "graph.initializer[0] 'w'";
  const int64_t big = int64_t{1} << 62;
  EXPECT_TRUE(has(with_tensor([=](TensorProto& t) { t.dims = {big, big}; }), "onnx-tensor-dims",
                  {place, "2^63"}));
  EXPECT_TRUE(has(with_tensor([](TensorProto& t) { t.dims = {-2}; }), "onnx-tensor-dims",
                  {place, "dimension 0 is -2"}));
  EXPECT_TRUE(has(with_tensor([](TensorProto& t) { t.dims = {700000000}; }), "onnx-tensor-length",
                  {place}));
  EXPECT_TRUE(has(with_tensor([](TensorProto& t) { t.raw_data = Bytes::copy_of("123456789"); }),
                  "onnx-tensor-length", {place, "16 bytes of raw_data, 9 found"}));
  EXPECT_TRUE(has(with_tensor([](TensorProto& t) { t.int64_data = std::vector<int64_t>{1, 2}; }),
                  "onnx-tensor-fields", {place}));
  EXPECT_TRUE(has(with_tensor([](TensorProto& t) { t.data_type = 8; }), "onnx-tensor-fields",
                  {place, "string_data"}));
  EXPECT_TRUE(has(with_tensor([](TensorProto& t) { t.data_type = 1234; }), "onnx-tensor-type",
                  {place, "1234"}));
  EXPECT_TRUE(has(with_tensor([](TensorProto& t) { t.segment.ensure().begin = 0; }),
                  "onnx-tensor-segment", {place}));
  EXPECT_TRUE(has(with_tensor([](TensorProto& t) { t.dims.assign(1025, 1); }), "onnx-tensor-rank",
                  {place, "1025"}));
}

TEST(OnnxCheck, SparseTensors) {
  auto sparse = [](std::vector<int64_t> indices, std::vector<int64_t> dims) {
    return broken([&](ModelProto& m) {
      SparseTensorProto t;
      t.values = vector("s", {1, 2});
      t.indices = vector("", indices);
      t.dims = dims;
      m.graph->sparse_initializer.push_back(std::move(t));
    });
  };
  const char* place = "graph.sparse_initializer[0] 's'";
  EXPECT_TRUE(sparse({0, 5}, {6}).list().empty());
  EXPECT_TRUE(has(sparse({0}, {6}), "onnx-sparse", {place}));
  EXPECT_TRUE(has(sparse({5, 0}, {6}), "onnx-sparse", {place}));
  EXPECT_TRUE(has(sparse({0, 6}, {6}), "onnx-sparse", {place}));
  EXPECT_TRUE(has(sparse({0, 5}, {int64_t{1} << 62, 8}), "onnx-tensor-dims", {place}));
}

TEST(OnnxCheck, ExternalData) {
  auto external = [](std::vector<StringStringEntryProto> entries) {
    return with_tensor([&](TensorProto& t) {
      t.raw_data.reset();
      t.data_location = 1;
      t.external_data = entries;
    });
  };
  const char* place = "graph.initializer[0] 'w'";
  for (const char* path : {"/etc/passwd", "../a", "a/../../b", "a\\b", "c:d"}) {
    EXPECT_TRUE(has(external({{"location", path}}), "onnx-external-path", {place})) << path;
  }
  EXPECT_TRUE(has(external({{"location", "a"}, {"__class__", "b"}}), "onnx-external-key", {place}));
  EXPECT_TRUE(has(external({{"location", "a"}, {"offset", "-1"}}), "onnx-external-key", {place}));
  EXPECT_TRUE(has(external({{"location", "a"}, {"length", "999999999999999"}}),
                  "onnx-external-range", {place}));
  EXPECT_TRUE(has(external({}), "onnx-external-key", {place, "no location"}));
  EXPECT_TRUE(has(external({{"location", "a"}}), "onnx-external-base", {place}));
}

TEST(OnnxCheck, ExternalFiles) {
  const std::string folder = testing::TempDir() + "onnx_check_" + std::to_string(::getpid());
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/data") << "0123456789abcdef";
  std::filesystem::create_symlink("data", folder + "/link");
  auto external = [&](const char* name, const char* offset) {
    ModelProto m = sound();
    m.file = folder + "/model.onnx";
    TensorProto t = vector("w", {1, 2});
    t.raw_data.reset();
    t.data_location = 1;
    t.external_data = {{"location", name}, {"offset", offset}};
    m.graph->initializer.push_back(t);
    return check(m);
  };
  EXPECT_TRUE(external("data", "0").list().empty()) << list(external("data", "0"));
  EXPECT_TRUE(has(external("data", "8"), "onnx-external-range", {"graph.initializer[0] 'w'"}));
  EXPECT_TRUE(has(external("link", "0"), "onnx-external-link", {"graph.initializer[0] 'w'"}));
  EXPECT_TRUE(has(external("none", "0"), "onnx-external-open", {"graph.initializer[0] 'w'"}));
  // The bytes stay readable as long as somebody holds them.
  Bytes second = ExternalFiles(folder).get({.location = "data", .offset = 8}, 8, {});
  EXPECT_EQ(second.text(), "89abcdef");
  std::filesystem::create_hard_link(folder + "/data", folder + "/hard");
  EXPECT_TRUE(has(external("hard", "0"), "onnx-external-link", {"hard links"}));
  std::filesystem::remove_all(folder);
}

// What does not hide another problem is listed beside it.
TEST(OnnxCheck, EveryProblemOfATensor) {
  Diagnostics found = with_tensor([](TensorProto& t) {
    t.data_type = 1234;
    t.dims = {-2, 3, -4};
    t.int64_data = std::vector<int64_t>{1, 2};
    t.segment.ensure().begin = 0;
  });
  const char* place = "graph.initializer[0] 'w'";
  EXPECT_TRUE(has(found, "onnx-tensor-type", {place, "1234"}));
  EXPECT_TRUE(has(found, "onnx-tensor-dims", {place, "dimension 0 is -2"}));
  EXPECT_TRUE(has(found, "onnx-tensor-dims", {place, "dimension 2 is -4"}));
  EXPECT_TRUE(has(found, "onnx-tensor-fields", {place, "both raw_data and int64_data"}));
  EXPECT_TRUE(has(found, "onnx-tensor-segment", {place}));
  EXPECT_EQ(found.list().size(), 5u) << list(found);
}

TEST(OnnxCheck, EveryProblemOfASparseTensor) {
  Diagnostics found = broken([](ModelProto& m) {
    SparseTensorProto t;
    t.values = vector("s", {1, 2});
    t.values->dims = {3};
    t.indices = vector("", {0, 1});
    t.indices->dims = {-1};
    t.dims.assign(2000, 1);
    m.graph->sparse_initializer.push_back(std::move(t));
  });
  EXPECT_TRUE(has(found, "onnx-tensor-rank", {"2000"}));
  EXPECT_TRUE(has(found, "onnx-tensor-length", {"graph.sparse_initializer[0] 's'.values"}));
  EXPECT_TRUE(has(found, "onnx-tensor-dims", {"graph.sparse_initializer[0] 's'.indices"}));
  EXPECT_EQ(found.list().size(), 3u) << list(found);
}

}  // namespace
}  // namespace panmodel::onnx
