// panmodel_bench_score MODEL X ROWS JOBS: scores the float32 matrix X (raw, row by row) once for
// every line "run" on standard input and answers with the seconds it took and those of processor
// time; "age" answers with the seconds since the start, reading included; "save FILE" writes the last
// predictions as raw elements.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>

#include "api/panmodel.h"
#include "runtime/session.h"

int main(int argc, char** argv) {
  using namespace panmodel;
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
    DType wanted = (*model)->graph.type((*model)->inputs[0].value).tensor()->dtype;
    Tensor x = Tensor::view(DType::f32, {rows, columns}, bytes);
    if (wanted == DType::f64) x = Tensor::of(x.shape(), x.reals());
    runtime::Session session(*model, {.jobs = jobs});
    runtime::Prediction prediction;
    std::string word;
    while (std::cin >> word) {
      if (word == "run") {
        std::clock_t cpu = std::clock();
        auto start = std::chrono::steady_clock::now();
        prediction = session.run(std::vector<runtime::Value>{x});
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
