#pragma once
// PyCursor: a value of a pickle and the object path that leads to it ("steps[1].tree_"). Every
// accessor checks what it finds and fails by itself with that path and the byte offset:
//   sklearn-attribute  an attribute, key or element is missing
//   sklearn-type       a value of another kind than asked for
//   sklearn-value      right kind, but the value does not fit (range, missing element)
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fail.h"
#include "formats/pickle/value.h"

namespace panmodel::pickle {

// Cheap to copy. Valid as long as any copy of its Document or any cursor into it lives.
class PyCursor {
 public:
  explicit PyCursor(const Document& document) : PyCursor(document, nullptr, &document.root()) {}

  // ---- place
  Location loc() const;      // PickleLoc{path(), offset}; `file` is the caller's to add
  std::string path() const;  // "" for the root
  const Value& value() const { return *value_; }
  const Document& document() const { return document_; }
  // "an int", "a float64 array of shape (3, 2)", "None", "a sklearn.tree._tree.Tree": for messages.
  std::string describe() const;

  // ---- kind
  bool is_none() const { return value_->kind == Kind::none; }
  bool is_bool() const;  // bool, numpy bool scalar
  bool is_int() const;   // int, numpy integer scalar; not bool
  bool is_real() const;  // float, numpy float scalar
  bool is_number() const { return is_bool() || is_int() || is_real(); }
  bool is_nan() const { return is_real() && as_real() != as_real(); }
  bool is_text() const;  // str, Python 2 str, numpy str scalar
  bool is_bytes() const { return value_->kind == Kind::bytes; }
  bool is_list() const { return value_->kind == Kind::list; }
  bool is_tuple() const { return value_->kind == Kind::tuple; }
  bool is_sequence() const { return is_list() || is_tuple(); }
  bool is_dict() const;  // dict; OrderedDict, defaultdict and Bunch too
  bool is_set() const { return value_->kind == Kind::set || value_->kind == Kind::frozenset; }
  bool is_global() const { return value_->kind == Kind::global; }
  bool is_object() const { return value_->kind == Kind::object; }
  // Object whose class_name() is exactly `qualified`.
  bool is_object(std::string_view qualified) const { return is_object() && class_name() == qualified; }
  bool is_array() const { return value_->kind == Kind::array; }
  bool is_scalar() const { return value_->kind == Kind::scalar; }  // numpy scalar
  bool is_text(std::string_view text) const { return is_text() && as_text() == text; }

  // ---- objects and dicts
  // "sklearn.tree._classes.DecisionTreeClassifier": class of an object (or the function whose call
  // it stands for); of a global, its own qualified name ("numpy.log1p").
  std::string class_name() const;
  // Constructor arguments (REDUCE, NEWOBJ) of an object, and its raw BUILD state.
  size_t arg_count() const;
  PyCursor arg(size_t index) const;
  bool has_state() const;
  PyCursor state() const;  // fails when there is none
  // Value of an attribute (state dict of an object; items of Bunch and friends) or of a text key of
  // a dict. attr fails when it is missing, find gives nullopt.
  PyCursor attr(std::string_view name) const;
  std::optional<PyCursor> find(std::string_view name) const;
  bool has(std::string_view name) const { return lookup(name) != nullptr; }
  // Attribute that is present and not None.
  std::optional<PyCursor> find_some(std::string_view name) const;
  // Key and value of a dict (or the state dict of an object), in file order.
  std::vector<std::pair<PyCursor, PyCursor>> items() const;

  // ---- sequences: list, tuple, set, frozenset (file order); appended items of an object;
  // elements of an array of any dtype along its first axis are NOT reached this way: use element().
  size_t size() const;  // also dict (pairs), array (all elements)
  PyCursor at(size_t index) const;

  // ---- single values
  // str, Python 2 str (latin-1), numpy str scalar. UTF-8.
  std::string as_text() const;
  std::string as_bytes() const;  // bytes, bytearray, Python 2 str
  // bool, numpy bool scalar.
  bool as_bool() const;
  // int, bool, numpy integer or bool scalar, array of one integer; float with an integral value only
  // from arrays and scalars of dtype f (scikit-learn stores counts so), within int64.
  int64_t as_int() const;
  // As as_int but also requires 0 <= value <= max.
  size_t as_size(size_t max = SIZE_MAX) const;
  // int, bool, float, numpy scalar of kind b i u f, array of one element of those.
  double as_real() const;

  // ---- bulk: array of kind b i u f (any width, byte order, C or Fortran order, any rank), numpy
  // scalar, list or tuple of numbers (nested lists of equal length too), object array of numbers.
  // Flattened in C order.
  std::vector<double> as_reals() const;
  // The same for integers; floats only when integral. Bools count as 0 and 1.
  std::vector<int64_t> as_ints() const;
  std::vector<bool> as_bools() const;  // bool arrays and lists of bool only
  // U or S array, object array / list / tuple of str, pandas Index of str.
  std::vector<std::string> as_texts() const;
  // Shape of an array; {} of a number; (n, m) of nested lists of equal length.
  std::vector<size_t> shape() const;

  // ---- arrays
  const Array& array() const;  // fails unless is_array()
  Bytes array_bytes() const;   // raw element bytes, no copy, keeps the file mapped; not for dtype O
  // dtype kind of an array or numpy scalar: b i u f c S U V O M m.
  char dtype_kind() const;
  // "float32", "int64": NumPy's name of the element type.
  std::string dtype_name() const;
  // Element `index` in C order of an array of dtype O.
  PyCursor element(size_t index) const;
  // Some element of an object array or list is None / is a NaN (float arrays too).
  bool has_none() const;
  bool has_nan() const;
  // One field of a structured array, flattened in C order. Fails unless the field exists and is a
  // plain number type. reals: b i u f; ints: b i u.
  bool has_field(std::string_view name) const;
  std::vector<double> field_reals(std::string_view name) const;
  std::vector<int64_t> field_ints(std::string_view name) const;

  // ---- failing
  // Fails here with code sklearn-value: "<what>".
  template <class... A>
  [[noreturn]] void refuse(Code code, fmt::format_string<A...> f, A&&... args) const {
    fail(loc(), code, f, std::forward<A>(args)...);
  }

 private:
  struct Step {
    std::shared_ptr<const Step> parent;
    std::string_view name;  // attribute or key, in the document
    uint64_t index = 0;
    enum Form : uint8_t { attribute, key, position, argument, element, state } form = attribute;
  };
  PyCursor(const Document& document, std::shared_ptr<const Step> step, const Value* value)
      : document_(document), step_(std::move(step)), value_(value) {}
  PyCursor child(Step::Form form, std::string_view name, uint64_t index, const Value* value) const;
  const Pair* lookup(std::string_view name) const;
  [[noreturn]] void wrong_type(std::string_view expected) const;

  Document document_;
  std::shared_ptr<const Step> step_;
  const Value* value_;
};

}  // namespace panmodel::pickle
