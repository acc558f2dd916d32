// Documents of PFA: rows as values, one after another through an engine.
#include "ir/ops/pfa.h"

#include <cmath>
#include <mutex>

#include "base/fail.h"
#include "ir/pfa/columns.h"
#include "ir/pfa/data.h"
#include "runtime/frame.h"
#include "runtime/kernel.h"
#include "runtime/pfa/engine.h"

namespace panmodel::runtime {
namespace {

using pfa::Kind;
using pfa::TableColumn;

// The engine goes on from batch to batch: its cells remember the rows before.
struct Running {
  std::shared_ptr<const pfa::Program> program;
  pfa::TableLayout in, out;
  mutable std::mutex mutex;
  std::unique_ptr<pfa::Engine> engine;
  std::vector<pfa::Value> emitted;
};

struct Refused {
  std::string why;
};

pfa::Value cell_of(const Value& value, size_t row, const TableColumn& column) {
  const Tensor& t = value.tensor;
  if (!value.is_valid(row)) {
    if (!column.required) return pfa::Value::null();
    throw Refused{fmt::format("'{}' is missing, expected {}", column.name, to_string(*column.avro))};
  }
  if (column.json) {
    const std::string& text = t.as<std::string>()[row];
    json::Document document = json::Document::parse(text, {.non_finite = true});
    return pfa::decode(document.root(), *column.avro);
  }
  const pfa::Type& type = pfa::value_type(*column.avro);
  switch (column.type.dtype) {
    case DType::boolean: return pfa::Value::boolean(t.as<bool>()[row]);
    case DType::i32: return pfa::Value::int32(t.as<int32_t>()[row]);
    case DType::i64: return pfa::Value::int64(t.as<int64_t>()[row]);
    case DType::f64:
      // A NaN of a table is a missing number.
      if (std::isnan(t.as<double>()[row])) {
        if (!column.required) return pfa::Value::null();
        throw Refused{fmt::format("'{}' is NaN, expected a number", column.name)};
      }
      return pfa::Value::number(type.kind, t.as<double>()[row]);
    default: break;
  }
  const std::string& text = t.as<std::string>()[row];
  if (type.kind != Kind::enumeration) return pfa::Value::string(text);
  std::optional<uint32_t> symbol = type.symbol(text);
  if (!symbol) throw Refused{fmt::format("'{}' is '{}', expected a symbol of enum '{}'", column.name, text, type.name)};
  return pfa::Value::symbol(&type, *symbol);
}

// Results of one column, row by row.
struct Results {
  const TableColumn* column;
  std::vector<double> reals;
  std::vector<int64_t> longs;
  std::vector<int32_t> ints;
  std::vector<uint8_t> booleans, valid;
  std::vector<std::string> texts;

  size_t width = 0;  // of a matrix, once a row has told it

  // A row of a matrix. False, with NaN in its place, when it has not as many numbers as the others, or not the keys.
  bool add_numbers(const pfa::Value* value) {
    std::vector<double> row;
    bool good = value != nullptr;
    if (good && value->is(Kind::map) && column->keys.size() > 0) {
      for (size_t k = 0; k < column->keys.size(); ++k) {
        const pfa::Value* x = value->members().find(element_text(column->keys, k));
        good = good && x != nullptr;
        row.push_back(x ? x->real() : std::nan(""));
      }
    } else if (good) {
      for (const pfa::Value& x : value->items()) row.push_back(x.real());
    }
    if (good && width == 0) {  // rows before it were refused
      width = row.size();
      reals.assign(valid.size() * width, std::nan(""));
    }
    good = good && row.size() == width;
    if (!good) row.assign(width, std::nan(""));
    reals.insert(reals.end(), row.begin(), row.end());
    valid.push_back(1);
    return good;
  }

  void add(const pfa::Value* value) {  // null: the row is refused
    bool there = value && !value->is_null();
    valid.push_back(there || (value && column->json));
    switch (column->type.dtype) {
      case DType::boolean: booleans.push_back(there && value->truth()); break;
      case DType::i32: ints.push_back(there ? static_cast<int32_t>(value->whole()) : 0); break;
      case DType::i64: longs.push_back(there ? value->whole() : 0); break;
      case DType::f64: reals.push_back(there ? value->real() : 0); break;
      default:
        if (column->json) texts.push_back(value ? pfa::encode(*value, *column->avro) : std::string());
        else texts.push_back(!there ? std::string() : value->is(Kind::enumeration) ? value->symbol_name() : value->text());
    }
  }
  Value take() {
    Shape shape{static_cast<int64_t>(valid.size()), 1};
    Value v;
    if (column->matrix) {
      if (width == 0 && column->keys.size() > 0) {
        width = column->keys.size();
        reals.assign(valid.size() * width, std::nan(""));
      }
      shape[1] = static_cast<int64_t>(width);
      v.tensor = Tensor::of(std::move(shape), std::move(reals));
      return v;
    }
    switch (column->type.dtype) {
      case DType::boolean: v.tensor = Tensor::of_bools(std::move(shape), std::move(booleans)); break;
      case DType::i32: v.tensor = Tensor::of(std::move(shape), std::move(ints)); break;
      case DType::i64: v.tensor = Tensor::of(std::move(shape), std::move(longs)); break;
      case DType::f64: v.tensor = Tensor::of(std::move(shape), std::move(reals)); break;
      default: v.tensor = Tensor::of(std::move(shape), std::move(texts));
    }
    if (column->type.optional) v.valid = std::make_shared<const std::vector<uint8_t>>(std::move(valid));
    return v;
  }
};

std::string emitted_text(Running& running, const pfa::Type& type) {
  std::string text = "[";
  for (const pfa::Value& v : running.emitted) {
    if (text.size() > 1) text += ',';
    pfa::encode(v, type, {}, text);
  }
  running.emitted.clear();
  return text + "]";
}

}  // namespace

std::shared_ptr<const void> prepare(const pfa::Document& op) {
  auto running = std::make_shared<Running>();
  running->program = pfa::program_of(op);
  running->in = pfa::input_layout(*running->program);
  running->out = pfa::output_layout(*running->program);
  running->engine = std::make_unique<pfa::Engine>(running->program);
  Running* raw = running.get();
  running->engine->emit = [raw](const pfa::Value& v) { raw->emitted.push_back(v); };
  running->engine->begin();
  return running;
}

void run(const pfa::Document&, KernelContext& context) {
  // The engine is the state of the document; rows come in their order because nothing else runs beside.
  Running& running = const_cast<Running&>(context.prepared<Running>());
  std::lock_guard lock(running.mutex);
  const pfa::Program& program = *running.program;
  size_t rows = static_cast<size_t>(context.tensor(0).shape()[0]);
  std::vector<Results> results;
  for (const TableColumn& column : running.out.columns) results.push_back({&column, {}, {}, {}, {}, {}, {}, 0});
  for (size_t row = 0; row < rows; ++row) {
    std::optional<pfa::Value> result;
    try {
      pfa::Array fields;
      for (size_t i = 0; i < running.in.columns.size(); ++i) fields.push_back(cell_of(context.in(i), row, running.in.columns[i]));
      pfa::Value input = running.in.fields ? pfa::Value::record(program.input, std::move(fields)) : std::move(fields[0]);
      result = running.engine->action(input);
      if (program.method == pfa::Method::fold) result = running.engine->tally();
    } catch (const Refused& refused) {
      context.fail_row(row, "row-value", "{}", refused.why);
    } catch (const pfa::RuntimeError& error) {
      std::string code = error.coded ? fmt::format(" (code {})", error.code) : std::string();
      context.fail_row(row, "pfa-error", "{}{} at {}", error.message, code, to_string(program.document.place(error.place)));
    } catch (const Failure& f) {
      if (f.diagnostic.kind != CodeKind::input) throw;  // a limit, or a function that is not there
      context.fail_row(row, "row-value", "{}", f.diagnostic.message);
    }
    if (program.method == pfa::Method::emit) {
      std::string text = emitted_text(running, *program.output);
      results[0].valid.push_back(result.has_value());
      results[0].texts.push_back(std::move(text));
      continue;
    }
    for (size_t i = 0; i < results.size(); ++i) {
      const pfa::Value* value = !result ? nullptr : running.out.fields ? &result->items()[i] : &*result;
      if (!results[i].column->matrix) {
        results[i].add(value);
      } else if (!results[i].add_numbers(value) && value != nullptr) {
        context.fail_row(row, "row-value", "'{}' has other keys or another length than in the rows before", results[i].column->name);
      }
    }
  }
  for (size_t i = 0; i < results.size(); ++i) context.set(i, results[i].take());
}

}  // namespace panmodel::runtime
