// panmodel_bench_score MODEL X ROWS JOBS: scores the float32 matrix X (raw, row by row; its columns in
// the order of the inputs when the model takes columns) once for every line "run" on standard input and
// answers with the seconds it took and those of processor time; "age" answers with the seconds since
// the start, reading included; "save FILE" writes the last predictions as raw elements.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>

#include "api/panmodel.h"
#include "runtime/session.h"

namespace {

using namespace panmodel;

// The matrix, or its columns, in the type that the model takes.
std::vector<runtime::Value> inputs_of(const Model& model, const Tensor& x) {
  const Type& type = model.graph.type(model.inputs[0].value);
  if (type.tensor() != nullptr) {
    return {type.tensor()->dtype == DType::f64 ? Tensor::of(x.shape(), x.reals()) : x};
  }
  auto cells = x.as<float>();
  size_t rows = static_cast<size_t>(x.shape()[0]), width = static_cast<size_t>(x.shape()[1]);
  std::vector<runtime::Value> columns;
  for (size_t c = 0; c < model.inputs.size(); ++c) {
    std::vector<float> column(rows);
    for (size_t r = 0; r < rows; ++r) column[r] = cells[r * width + c];
    columns.emplace_back(Tensor::of({x.shape()[0], 1}, std::move(column)));
  }
  return columns;
}

}  // namespace

int main(int argc, char** argv) {
  const auto begin = std::chrono::steady_clock::now();
  if (argc != 5) {
    std::fprintf(stderr, "usage: panmodel_bench_score MODEL X ROWS JOBS\n");
    return 2;
  }
  Diagnostics diagnostics;
  auto model = read_model(argv[1], {}, diagnostics);
  if (!model) {
    std::fprintf(stderr, "%s\n", to_string(model.error()).c_str());
    return 3;
  }
  auto result = guarded([&] {
    auto rows = static_cast<int64_t>(std::atoll(argv[3]));
    auto jobs = static_cast<unsigned>(std::atoi(argv[4]));
    Bytes bytes = map_file(argv[2]);
    auto columns = static_cast<int64_t>(bytes.size() / sizeof(float)) / rows;
    std::vector<runtime::Value> inputs = inputs_of(**model, Tensor::view(DType::f32, {rows, columns}, bytes));
    runtime::Session session(*model, {.jobs = jobs});
    runtime::Prediction prediction;
    std::string word;
    while (std::cin >> word) {
      if (word == "run") {
        std::clock_t cpu = std::clock();
        auto start = std::chrono::steady_clock::now();
        prediction = session.run(inputs);
        std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        std::printf("%.9f %.6f\n", took.count(),
                    static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC);
      } else if (word == "age") {
        std::chrono::duration<double> age = std::chrono::steady_clock::now() - begin;
        std::printf("%.9f\n", age.count());
      } else {
        std::string file;
        std::cin >> file;
        auto out = prediction.outputs.back().tensor.bytes();
        std::ofstream(file, std::ios::binary)
            .write(reinterpret_cast<const char*>(out.data()), static_cast<std::streamsize>(out.size()));
        std::printf("saved\n");
      }
      std::fflush(stdout);
    }
    return true;
  });
  if (result) return 0;
  std::fprintf(stderr, "%s\n", to_string(result.error()).c_str());
  return 1;
}
