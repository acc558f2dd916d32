// numpy's .npy format ("NEP 1: a simple file format for numpy arrays", versions 1 to 3) and .npz.
#include <zip.h>

#include <algorithm>
#include <cctype>

#include "base/fail.h"
#include "base/number.h"
#include "base/text.h"
#include "runtime/rows.h"

namespace panmodel::runtime {
namespace {

constexpr uint64_t kMaxMember = uint64_t{1} << 34;

struct Array {
  char kind = 'f';  // f, i, u, b, U, S
  size_t item = 8;  // bytes of an element
  bool big_endian = false, fortran = false;
  size_t rows = 0, columns = 1;
  bool matrix = false;
  std::string_view data;
};

[[noreturn]] void refuse(const std::string& file, const std::string& message) {
  Location loc;
  loc.file = file;
  fail(loc, "data-npy", "{}", message);
}

// The Python literal of the header: a dict of str, bool and a tuple of integers.
class Header {
 public:
  Header(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  void read(Array& a) {
    expect('{');
    while (!accept('}')) {
      std::string key = string();
      expect(':');
      if (key == "descr") {
        descr(a);
      } else if (key == "fortran_order") {
        a.fortran = boolean();
      } else if (key == "shape") {
        shape(a);
      } else {
        bad();
      }
      accept(',');
    }
  }

 private:
  [[noreturn]] void bad() { refuse(file_, "the header of the array is malformed"); }
  void space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool accept(char c) {
    space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) bad();
  }
  std::string string() {
    space();
    if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) bad();
    size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) bad();
    std::string out(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return out;
  }
  bool boolean() {
    space();
    for (std::string_view word : {"True", "False"}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return word == "True";
      }
    }
    bad();
  }
  void descr(Array& a) {
    space();
    if (at_ < text_.size() && text_[at_] == '[') {
      refuse(file_, "a structured array, expected an array of numbers, booleans or text");
    }
    std::string d = string();
    size_t order = d.find_first_of("<>|=");
    a.big_endian = order == 0 && d[0] == '>';
    if (order == 0) d.erase(0, 1);
    auto size = d.size() > 1 ? parse_uint(std::string_view(d).substr(1)) : std::nullopt;
    a.kind = d.empty() ? '?' : d[0];
    if (a.kind == '?' && d.size() == 1) {
      a.kind = 'b';
      size = 1;
    }
    bool number = (a.kind == 'f' && size && (*size == 4 || *size == 8)) ||
                  ((a.kind == 'i' || a.kind == 'u') && size &&
                   (*size == 1 || *size == 2 || *size == 4 || *size == 8)) ||
                  (a.kind == 'b' && size && *size == 1);
    bool text = (a.kind == 'U' || a.kind == 'S') && size && *size < (1u << 24);
    if (!number && !text) {
      refuse(file_, "elements of type '" + printable(d, 40) +
                        "', expected reals of 4 or 8 bytes, integers, booleans or text");
    }
    a.item = a.kind == 'U' ? *size * 4 : *size;
  }
  void shape(Array& a) {
    expect('(');
    std::vector<uint64_t> dims;
    while (!accept(')')) {
      space();
      size_t end = at_;
      while (end < text_.size() && text_[end] >= '0' && text_[end] <= '9') ++end;
      auto n = parse_uint(text_.substr(at_, end - at_));
      if (!n) bad();
      at_ = end;
      dims.push_back(*n);
      accept(',');
    }
    if (dims.empty() || dims.size() > 2) {
      refuse(file_, fmt::format("an array with {} dimensions, expected rows or rows x columns",
                                dims.size()));
    }
    a.rows = dims[0];
    a.matrix = dims.size() == 2;
    a.columns = a.matrix ? dims[1] : 1;
  }

  std::string_view text_;
  const std::string& file_;
  size_t at_ = 0;
};

Array parse(std::string_view bytes, const std::string& file) {
  if (!bytes.starts_with("\x93NUMPY") || bytes.size() < 10) refuse(file, "no numpy array");
  int version = bytes[6];
  size_t start = version == 1 ? 10 : 12;
  if (version < 1 || version > 3) refuse(file, fmt::format("version {} of the format", version));
  if (bytes.size() < start) refuse(file, "the file ends within the header");
  size_t length = version == 1 ? load_le<uint16_t>(bytes.data() + 8)
                               : load_le<uint32_t>(bytes.data() + 8);
  if (length > bytes.size() - start) refuse(file, "the file ends within the header");
  Array a;
  Header(bytes.substr(start, length), file).read(a);
  a.data = bytes.substr(start + length);
  uint64_t cells = 0, size = 0;
  if (!checked_mul(a.rows, a.columns, &cells) || !checked_mul(cells, a.item, &size) ||
      size != a.data.size()) {
    refuse(file, fmt::format("{} bytes of data do not fit the shape {} x {}", a.data.size(), a.rows,
                             a.columns));
  }
  return a;
}

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 63));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 63));
    out += static_cast<char>(0x80 | (c & 63));
  } else {
    out += static_cast<char>(0xf0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 63));
    out += static_cast<char>(0x80 | ((c >> 6) & 63));
    out += static_cast<char>(0x80 | (c & 63));
  }
}

template <class T>
T load(const Array& a, const char* at) {
  return a.big_endian ? load_be<T>(at) : load_le<T>(at);
}

std::string cell(const Array& a, size_t row, size_t column, const std::string& file) {
  size_t index = a.fortran ? column * a.rows + row : row * a.columns + column;
  const char* at = a.data.data() + index * a.item;
  switch (a.kind) {
    case 'f': return a.item == 8 ? print_real(load<double>(a, at)) : print_real(load<float>(a, at));
    case 'b': return *at ? "true" : "false";
    case 'i':
      switch (a.item) {
        case 1: return std::to_string(load<int8_t>(a, at));
        case 2: return std::to_string(load<int16_t>(a, at));
        case 4: return std::to_string(load<int32_t>(a, at));
        default: return std::to_string(load<int64_t>(a, at));
      }
    case 'u':
      switch (a.item) {
        case 1: return std::to_string(load<uint8_t>(a, at));
        case 2: return std::to_string(load<uint16_t>(a, at));
        case 4: return std::to_string(load<uint32_t>(a, at));
        default: return std::to_string(load<uint64_t>(a, at));
      }
    case 'S': return std::string(at, a.item).substr(0, std::string(at, a.item).find_last_not_of('\0') + 1);
    default: break;
  }
  std::string out;
  size_t used = a.item / 4;
  auto unit = [&](size_t i) { return load<uint32_t>(a, at + 4 * i); };
  while (used > 0 && unit(used - 1) == 0) --used;
  for (size_t i = 0; i < used; ++i) {
    if (unit(i) > 0x10ffff) refuse(file, "text that is not Unicode");
    append_utf8(out, unit(i));
  }
  return out;
}

// Appends the columns of an array to a frame of as many rows.
void append(Frame& frame, std::vector<Array>& arrays, const std::string& name, const Array& a) {
  for (size_t k = 0; k < a.columns; ++k) {
    frame.names.push_back(name.empty() ? std::to_string(k)
                          : a.matrix   ? fmt::format("{}:{}", name, k)
                                       : name);
  }
  arrays.push_back(a);
}

void fill(Frame& frame, const std::vector<Array>& arrays, const std::string& file) {
  size_t rows = arrays.empty() ? 0 : arrays[0].rows;
  for (size_t r = 0; r < rows; ++r) {
    for (const Array& a : arrays) {
      for (size_t k = 0; k < a.columns; ++k) frame.cells.emplace_back(cell(a, r, k, file));
    }
    frame.lines.push_back(static_cast<uint32_t>(r + 1));
  }
}

struct Zip {
  zip_t* archive;
  ~Zip() { zip_discard(archive); }
};

std::string member(zip_t* archive, zip_uint64_t index, const std::string& file) {
  zip_stat_t st;
  if (zip_stat_index(archive, index, 0, &st) != 0 || !(st.valid & ZIP_STAT_SIZE)) {
    refuse(file, "the archive is broken");
  }
  if (st.size > kMaxMember) refuse(file, "an array of more than 16 GiB");
  zip_file_t* in = zip_fopen_index(archive, index, 0);
  if (in == nullptr) refuse(file, "a member of the archive cannot be read");
  std::string out;
  std::vector<char> piece(size_t{1} << 16);
  zip_int64_t n = 0;
  while ((n = zip_fread(in, piece.data(), piece.size())) > 0) {
    out.append(piece.data(), static_cast<size_t>(n));
    if (out.size() > st.size) break;
  }
  zip_fclose(in);
  if (n < 0 || out.size() != st.size) refuse(file, "a member of the archive is broken");
  return out;
}

}  // namespace

Frame read_npy(const Bytes& bytes, const std::string& file) {
  Frame frame;
  frame.file = file;
  std::vector<Array> arrays;
  append(frame, arrays, "", parse(bytes.text(), file));
  fill(frame, arrays, file);
  return frame;
}

Frame read_npz(const Bytes& bytes, const std::string& file) {
  zip_error_t error;
  zip_source_t* source =
      zip_source_buffer_create(bytes.data.data(), bytes.size(), 0, &error);
  if (source == nullptr) throw std::bad_alloc();
  Zip zip{zip_open_from_source(source, ZIP_RDONLY, &error)};
  if (zip.archive == nullptr) {
    zip_source_free(source);
    refuse(file, "the archive is broken");
  }
  Frame frame;
  frame.file = file;
  std::vector<std::string> members;
  std::vector<std::string> names;
  for (zip_int64_t i = 0; i < zip_get_num_entries(zip.archive, 0); ++i) {
    const char* name = zip_get_name(zip.archive, static_cast<zip_uint64_t>(i), 0);
    if (name == nullptr) refuse(file, "the archive is broken");
    std::string base = name;
    if (!base.ends_with(".npy")) refuse(file, "member " + quote(base) + " is no .npy array");
    names.push_back(base.substr(0, base.size() - 4));
    members.push_back(member(zip.archive, static_cast<zip_uint64_t>(i), file));
  }
  if (members.empty()) refuse(file, "an archive without arrays");
  std::vector<Array> arrays;
  for (size_t i = 0; i < members.size(); ++i) {
    append(frame, arrays, names[i], parse(members[i], file));
    if (arrays[i].rows != arrays[0].rows) {
      refuse(file, fmt::format("array '{}' has {} rows, '{}' has {}", printable(names[i], 40),
                               arrays[i].rows, printable(names[0], 40), arrays[0].rows));
    }
  }
  fill(frame, arrays, file);
  return frame;
}

}  // namespace panmodel::runtime
