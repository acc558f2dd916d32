#pragma once
// Inside of the pickle machine; for the .cc files of this directory only.
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fail.h"
#include "formats/pickle/machine.h"

namespace panmodel::pickle {

class Machine {
 public:
  using Storage = Document::Storage;

  Machine(Storage& storage, const ParseOptions& options, bool torch);
  // Runs one pickle from this offset of the input and checks the finished value. Returns the offset
  // behind STOP.
  uint64_t run(uint64_t from = 0);
  Location here() const;  // opcode and offset of the instruction that runs

 private:
  // What a nested stream has of its own.
  struct Context {
    std::vector<Value*> stack;
    std::vector<size_t> marks;
    std::vector<Value*> memo;           // dense part
    std::map<uint64_t, Value*> sparse;  // indices far beyond the number of entries
    uint64_t memo_count = 0;
    uint64_t frame_end = 0;  // 0: no frame
    uint64_t frame_at = 0;   // of its FRAME
    uint64_t start = 0;
    bool nested = false;
  };

  // ---- machine.cc: stream, stack, memo
  template <class... A>
  [[noreturn]] void stop(Code code, fmt::format_string<A...> f, A&&... args) const {
    fail(here(), code, f, std::forward<A>(args)...);
  }
  // Reports a refusal and goes on where refusals are collected, else stops.
  template <class... A>
  void refuse(Code code, fmt::format_string<A...> f, A&&... args) const {
    refuse({Severity::error, code.name(), code.kind(), fmt::format(f, std::forward<A>(args)...),
            here(), {}});
  }
  void refuse(Diagnostic refusal) const;
  // `body`, or what stands for its value when it fails and refusals are collected.
  template <class F>
  Value* or_refused(F&& body);
  Value* refused_value();
  static bool is_refused(const Value& value);
  Value* run_stream();
  bool step(uint8_t opcode);  // false at STOP
  bool step_text(uint8_t opcode);
  void outside(uint64_t argument);  // an opcode with an argument of so many bytes that is refused
  const char* take(uint64_t size);  // argument bytes
  template <class T>
  T take_le() {
    return load_le<T>(take(sizeof(T)));
  }
  uint64_t take_length8();
  std::string_view take_line();
  Value* make(Kind kind);
  void push(Value* value);
  Value* pop();
  Value* top();
  std::span<Value*> above_mark();  // items above the last mark
  void drop_mark();                // removes them and the mark
  void push_text(std::string_view text, bool py2);
  void push_bytes(std::string_view bytes, bool bytearray);
  void push_long(std::string_view little_endian);
  void push_decimal(std::string_view digits, bool is_long);
  void memo_put(uint64_t index);
  void memo_get(uint64_t index);
  uint64_t memo_index(std::string_view text) const;
  Value* tuple(std::span<Value* const> items);
  void append(Value* to, std::span<Value* const> items);
  void set_items(Value* to, std::span<Value* const> items);
  void add_items(Value* to, std::span<Value* const> items);
  void check_key(const Value& key) const;
  void push_global(std::string_view module, std::string_view name);

  // ---- call.cc
  Value* call(const Value& callee, const Value& args, const Value* keywords);
  Value* call_allowed(const Value& callee, const Value& args, const Value* keywords);
  Value* make_object(const Global& cls, std::span<const Value* const> args);
  Value* encode_latin1(std::span<const Value* const> args);
  Value* make_bytes(std::span<const Value* const> args, bool bytearray);
  Value* make_collection(Kind kind, std::span<const Value* const> args);
  void build(Value* target, const Value* state);
  void build_allowed(Value* target, const Value* state);
  void check_state_keys(const Value& dict) const;
  [[noreturn]] void bad_args(std::string_view what) const;

  // ---- numpy.cc
  Value* call_numpy(const Global& callee, std::span<const Value* const> args);
  static void freeze(const Dtype& dtype);
  Value* make_dtype(std::span<const Value* const> args);
  void build_dtype(Dtype& dtype, const Value& state);
  void build_array(Array& array, const Value& state);
  std::span<const uint64_t> shape_of(const Value& value);
  uint64_t element_count(std::span<const uint64_t> shape, const Dtype& dtype) const;
  void fill(Array& array, const Dtype& dtype, std::span<const uint64_t> shape, bool fortran,
            const Value& data);
  // Bytes of a bytes, bytearray or Python 2 str value; fails otherwise.
  std::span<const std::byte> bytes_of(const Value& value) const;

  // ---- joblib.cc
  void build_wrapped(Value* target, const Value& state);
  void build_array_file(Value* target, const Value& state);

  // ---- walk.cc: depth, cycles, equal keys
  void check_graph(Value* root);
  void unique_keys(ItemList<Pair>& pairs);

  Storage& storage_;
  const ParseOptions& options_;
  Arena& arena_;
  std::string_view input_;
  Context context_;
  uint64_t at_ = 0;         // next byte
  uint64_t op_at_ = 0;      // of the running opcode
  uint8_t op_ = 0;
  bool torch_ = false;
  std::map<std::pair<std::string_view, std::string_view>, Value*> named_;
};

// "BINPUT" of 0x71; empty for a byte that is no opcode.
std::string_view opcode_name(uint8_t opcode);

}  // namespace panmodel::pickle
