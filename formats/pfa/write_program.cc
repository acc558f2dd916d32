#include "formats/pfa/write_program.h"

#include <algorithm>

#include "base/diagnostic.h"
#include "formats/pfa/write_functions.h"

namespace panmodel::pfa::writing {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Element i as it stands in a cell.
Ast embedded(const Tensor& values, size_t i) {
  if (values.dtype() == DType::string) return values.text(i);
  if (values.dtype() == DType::boolean) return values.integer(i) != 0;
  if (is_integer(values.dtype())) return values.integer(i);
  return values.real(i);
}

}  // namespace

std::string word(std::string_view name) {
  std::string out;
  for (char c : name) {
    // What separates words once: "petal length (cm)" is petal_length_cm.
    if (is_word(c)) {
      out += c;
    } else if (!out.empty() && out.back() != '_') {
      out += '_';
    }
  }
  while (out.size() > 1 && out.back() == '_' && !name.ends_with('_')) out.pop_back();
  if (out.empty() || (out[0] >= '0' && out[0] <= '9')) out.insert(out.begin(), '_');
  return out;
}

std::string unique_word(std::string_view wanted, std::set<std::string>& taken) {
  const std::string base = word(wanted);
  std::string name = base;
  for (int i = 2; !taken.insert(name).second; ++i) name = base + "_" + std::to_string(i);
  return name;
}

std::string type_of(DType dtype) {
  switch (dtype) {
    case DType::f64:
    case DType::f32: return "double";
    case DType::i64:
    case DType::u32: return "long";
    case DType::i32:
    case DType::i16:
    case DType::i8:
    case DType::u16:
    case DType::u8: return "int";
    case DType::boolean: return "boolean";
    case DType::string: return "string";
    default: return {};
  }
}

Ast element_of(const Tensor& values, size_t i) {
  if (values.dtype() == DType::string) return literal(values.text(i));
  if (values.dtype() == DType::boolean) return values.integer(i) != 0;
  if (is_integer(values.dtype())) return values.integer(i);
  return real(values.real(i));
}

Ast Program::cell(std::string_view name, Ast type, Ast init) {
  std::string own = unique_word(name, cell_names_);
  cells_.emplace_back(own, Members{{"type", std::move(type)}, {"init", std::move(init)}});
  return Members{{"cell", std::move(own)}};
}

Ast Program::numbers(std::string_view name, const std::vector<double>& values) {
  return tensor(name, Tensor::vector(values));
}

Ast Program::tensor(std::string_view name, const Tensor& values) {
  for (const auto& [known, own] : constants_) {
    if (known.same_bits(values)) return Members{{"cell", own}};
  }
  Ast type = array_of(type_of(values.dtype()));
  const bool matrix = values.rank() == 2;
  const size_t columns = matrix ? static_cast<size_t>(values.shape()[1]) : values.size();
  const auto row = [values, columns](size_t r) {
    Asts out;
    for (size_t c = 0; c < columns; ++c) out.push_back(embedded(values, r * columns + c));
    return out;
  };
  Ast init;
  if (matrix) {
    type = array_of(std::move(type));
    init = Ast::Stream([values, row](JsonSink& out) {
      out.begin_array();
      for (size_t r = 0; r < static_cast<size_t>(values.shape()[0]); ++r) write_ast(row(r), out);
      out.end_array();
    });
  } else {
    init = row(0);
  }
  Ast made = cell(name, std::move(type), std::move(init));
  constants_.emplace_back(values, std::get<std::string>(std::get<Members>(made.v)[0].second.v));
  return made;
}

std::string Program::let(std::string_view name, Ast value) {
  std::string own = symbol(name);
  steps_.push_back(Members{{"let", Members{{own, std::move(value)}}}});
  return own;
}

void Program::declare(std::string_view name) {
  if (!functions_.emplace(name).second) return;
  for (std::string_view used : user_function_info(name).uses) declare(used);
}

Ast Program::user_call(std::string_view name, Asts arguments) {
  declare(name);
  return call("u." + std::string(name), std::move(arguments));
}

Ast Program::user_function(std::string_view name) {
  declare(name);
  return Members{{"fcn", "u." + std::string(name)}};
}

Ast Program::action(Ast result) const {
  Asts all = steps_;
  all.push_back(std::move(result));
  return all;
}

Members Program::functions() const {
  Members out;
  for (const std::string& name : functions_) out.emplace_back(name, user_function_info(name).declaration());
  return out;
}

}  // namespace panmodel::pfa::writing
