#include "base/inflate.h"

#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <vector>

namespace panmodel {

namespace {
enum class Step { more, end, broken };

// Common face of the libraries: reads from `in`, writes to `out`, advances both.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual Step step(std::span<const std::byte>& in, std::span<std::byte>& out) = 0;
};

constexpr size_t kFeed = size_t{1} << 30;  // the libraries count input in 32 bits

class Zlib : public Stream {
 public:
  explicit Zlib(bool gzip) { ok_ = inflateInit2(&z_, gzip ? 15 + 16 : 15) == Z_OK; }
  Zlib(const Zlib&) = delete;
  Zlib& operator=(const Zlib&) = delete;
  ~Zlib() override {
    if (ok_) inflateEnd(&z_);
  }
  Step step(std::span<const std::byte>& in, std::span<std::byte>& out) override {
    if (!ok_) return Step::broken;
    const size_t fed = std::min(in.size(), kFeed);
    z_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
    z_.avail_in = static_cast<uInt>(fed);
    z_.next_out = reinterpret_cast<Bytef*>(out.data());
    z_.avail_out = static_cast<uInt>(out.size());
    const int code = ::inflate(&z_, Z_NO_FLUSH);
    in = in.subspan(fed - z_.avail_in);
    out = out.subspan(out.size() - z_.avail_out);
    if (code == Z_STREAM_END) return Step::end;
    return code == Z_OK || code == Z_BUF_ERROR ? Step::more : Step::broken;
  }

 private:
  z_stream z_ = {};
  bool ok_ = false;
};

class Bzip : public Stream {
 public:
  Bzip() { ok_ = BZ2_bzDecompressInit(&z_, 0, 0) == BZ_OK; }
  Bzip(const Bzip&) = delete;
  Bzip& operator=(const Bzip&) = delete;
  ~Bzip() override {
    if (ok_) BZ2_bzDecompressEnd(&z_);
  }
  Step step(std::span<const std::byte>& in, std::span<std::byte>& out) override {
    if (!ok_) return Step::broken;
    const size_t fed = std::min(in.size(), kFeed);
    z_.next_in = reinterpret_cast<char*>(const_cast<std::byte*>(in.data()));
    z_.avail_in = static_cast<unsigned>(fed);
    z_.next_out = reinterpret_cast<char*>(out.data());
    z_.avail_out = static_cast<unsigned>(out.size());
    const int code = BZ2_bzDecompress(&z_);
    in = in.subspan(fed - z_.avail_in);
    out = out.subspan(out.size() - z_.avail_out);
    if (code == BZ_STREAM_END) return Step::end;
    return code == BZ_OK ? Step::more : Step::broken;
  }

 private:
  bz_stream z_ = {};
  bool ok_ = false;
};

class Lzma : public Stream {
 public:
  explicit Lzma(bool alone) {
    constexpr uint64_t kMemory = uint64_t{256} << 20;
    ok_ = (alone ? lzma_alone_decoder(&z_, kMemory) : lzma_stream_decoder(&z_, kMemory, 0)) == LZMA_OK;
  }
  Lzma(const Lzma&) = delete;
  Lzma& operator=(const Lzma&) = delete;
  ~Lzma() override { lzma_end(&z_); }
  Step step(std::span<const std::byte>& in, std::span<std::byte>& out) override {
    if (!ok_) return Step::broken;
    z_.next_in = reinterpret_cast<const uint8_t*>(in.data());
    z_.avail_in = in.size();
    z_.next_out = reinterpret_cast<uint8_t*>(out.data());
    z_.avail_out = out.size();
    const lzma_ret code = lzma_code(&z_, LZMA_RUN);
    in = in.subspan(in.size() - z_.avail_in);
    out = out.subspan(out.size() - z_.avail_out);
    if (code == LZMA_STREAM_END) return Step::end;
    return code == LZMA_OK || code == LZMA_BUF_ERROR ? Step::more : Step::broken;
  }

 private:
  lzma_stream z_ = LZMA_STREAM_INIT;
  bool ok_ = false;
};

class Lz4 : public Stream {
 public:
  Lz4() { ok_ = LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) == 0; }
  Lz4(const Lz4&) = delete;
  Lz4& operator=(const Lz4&) = delete;
  ~Lz4() override {
    if (ok_) LZ4F_freeDecompressionContext(context_);
  }
  Step step(std::span<const std::byte>& in, std::span<std::byte>& out) override {
    if (!ok_) return Step::broken;
    size_t taken = in.size();
    size_t made = out.size();
    const size_t code = LZ4F_decompress(context_, out.data(), &made, in.data(), &taken, nullptr);
    if (LZ4F_isError(code) != 0) return Step::broken;
    in = in.subspan(taken);
    out = out.subspan(made);
    return code == 0 ? Step::end : Step::more;
  }

 private:
  LZ4F_dctx* context_ = nullptr;
  bool ok_ = false;
};

std::unique_ptr<Stream> open(Codec codec) {
  switch (codec) {
    case Codec::zlib: return std::make_unique<Zlib>(false);
    case Codec::gzip: return std::make_unique<Zlib>(true);
    case Codec::bz2: return std::make_unique<Bzip>();
    case Codec::xz: return std::make_unique<Lzma>(false);
    case Codec::lzma: return std::make_unique<Lzma>(true);
    case Codec::lz4: return std::make_unique<Lz4>();
  }
  return nullptr;
}
}  // namespace

Inflated inflate(Codec codec, std::span<const std::byte> input, const InflateLimits& limits,
                 const std::function<bool(std::string_view)>& look) {
  Inflated result;
  const std::unique_ptr<Stream> stream = open(codec);
  std::vector<std::byte> block(size_t{1} << 18);
  std::span<const std::byte> in = input;
  const uint64_t by_ratio =
      input.size() > UINT64_MAX / limits.max_ratio ? UINT64_MAX : input.size() * limits.max_ratio;
  const uint64_t most = std::min(limits.max_output, std::max(limits.free_output, by_ratio));
  bool looked = false;
  for (;;) {
    std::span<std::byte> out(block);
    const size_t left = in.size();
    const Step step = stream->step(in, out);
    const size_t made = block.size() - out.size();
    if (made > most - result.data.size()) {
      result.error = InflateError::too_large;
      return result;
    }
    result.data.append(reinterpret_cast<const char*>(block.data()), made);
    if (!looked && made > 0) {
      looked = true;
      if (look && !look(result.data)) {
        result.error = InflateError::stopped;
        return result;
      }
    }
    if (step == Step::end) break;
    if (step == Step::broken || (made == 0 && in.size() == left)) {
      result.error = step == Step::broken ? InflateError::broken : InflateError::truncated;
      return result;
    }
  }
  result.consumed = input.size() - in.size();
  return result;
}

}  // namespace panmodel
