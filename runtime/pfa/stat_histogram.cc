// stat.sample: histograms. What falls outside is counted in fields "underflow", "overflow", "nanflow",
// "infflow" of those histograms that have them.
#include <algorithm>
#include <cmath>

#include "runtime/pfa/library.h"
#include "runtime/pfa/record.h"

namespace panmodel::pfa {
namespace {

bool good_range(double low, double high) { return std::isfinite(low) && std::isfinite(high) && low < high; }

// Of a value in [low, high). Rounding does not take it beyond the last.
size_t bin_of(double x, double low, double high, size_t bins) {
  auto bin = static_cast<size_t>((x - low) / (high - low) * static_cast<double>(bins));
  return std::min(bin, bins - 1);
}
void add_to(Value& bin, double w) { bin = Value::float64(bin.real() + w); }

// Adds to the counter of that name, if there is one.
void count(Record& histogram, std::string_view flow, double w) {
  if (histogram.has(flow, Kind::float64)) histogram.set(flow, histogram.real(flow) + w);
}

// The name of the counter for a value outside of [low, high); empty for one within.
std::string_view flow_of(const Record& histogram, double x, double low, double high) {
  if (std::isinf(x) && histogram.has("infflow", Kind::float64)) return "infflow";
  if (std::isnan(x)) return "nanflow";
  if (x >= high) return "overflow";
  return x < low ? "underflow" : "";
}

// A number of bins of equal size from "low" to "high".
void fill_range(const Call& call, Record& histogram, double x, double w) {
  double low = histogram.real("low"), high = histogram.real("high");
  int64_t bins = histogram.whole("numbins");
  if (bins < 1) call.fail(14082, "bad histogram scale");
  if (histogram["values"].items().size() != static_cast<size_t>(bins)) call.fail(14080, "wrong histogram size");
  if (!good_range(low, high)) call.fail(14081, "bad histogram range");
  std::string_view flow = flow_of(histogram, x, low, high);
  if (!flow.empty()) return count(histogram, flow, w);
  Array& values = histogram.edit("values").edit_items();
  add_to(values[bin_of(x, low, high, values.size())], w);
}

// Bins of size "binsize" from "low" on, as many as needed.
void fill_growing(const Call& call, Record& histogram, double x, double w) {
  double low = histogram.real("low"), size = histogram.real("binsize");
  if (!std::isfinite(size) || size <= 0) call.fail(14082, "bad histogram scale");
  std::string_view flow = flow_of(histogram, x, low, HUGE_VAL);
  if (!flow.empty()) return count(histogram, flow, w);
  if (!std::isfinite(low)) call.fail(14081, "bad histogram range");
  Array& values = histogram.edit("values").edit_items();
  auto bins = static_cast<double>(values.size());
  double high = low + size * bins;
  double position = values.empty() ? 0 : (x - low) / (high - low) * bins;
  auto bin = static_cast<size_t>(std::min(position, 0x1p50));
  if (bin >= values.size()) {
    call.steps(bin - values.size());
    values.resize(bin + 1, Value::float64(0));
  }
  add_to(values[bin], w);
}

// Ranges of their own, which may overlap.
void fill_ranges(const Call& call, Record& histogram, double x, double w) {
  const Array ranges = histogram["ranges"].items();
  if (histogram["values"].items().size() != ranges.size()) call.fail(14080, "wrong histogram size");
  for (const Value& range : ranges) {
    const Array& ends = range.items();
    if (ends.size() != 2 || !good_range(ends[0].real(), ends[1].real())) call.fail(14083, "bad histogram ranges");
  }
  bool hit = false;
  Array& values = histogram.edit("values").edit_items();
  for (size_t i = 0; i < ranges.size(); ++i) {
    const Array& ends = ranges[i].items();
    if (!(x >= ends[0].real() && x < ends[1].real())) continue;
    add_to(values[i], w);
    hit = true;
  }
  if (std::isinf(x) && histogram.has("infflow", Kind::float64)) count(histogram, "infflow", w);
  else if (std::isnan(x)) count(histogram, "nanflow", w);
  else if (!hit) count(histogram, "underflow", w);
}

Value fill(const Call& call) {
  constexpr decltype(&fill_range) kFill[] = {fill_range, fill_growing, fill_ranges};
  Record histogram(call.take(2));
  kFill[call.signature()](call, histogram, call.real(0), call.real(1));
  return histogram.take();
}

Value fill_two(const Call& call) {
  double x = call.real(0), y = call.real(1), w = call.real(2);
  Record histogram(call.take(3));
  int64_t x_bins = histogram.whole("xnumbins"), y_bins = histogram.whole("ynumbins");
  double x_low = histogram.real("xlow"), x_high = histogram.real("xhigh");
  double y_low = histogram.real("ylow"), y_high = histogram.real("yhigh");
  if (x_bins < 1 || y_bins < 1) call.fail(14092, "bad histogram scale");
  const Array& rows = histogram["values"].items();
  auto as_long = [&](const Value& row) { return row.items().size() == static_cast<size_t>(y_bins); };
  if (rows.size() != static_cast<size_t>(x_bins) || !std::all_of(rows.begin(), rows.end(), as_long)) {
    call.fail(14090, "wrong histogram size");
  }
  if (!good_range(x_low, x_high) || !good_range(y_low, y_high)) call.fail(14091, "bad histogram range");
  if (std::isnan(x) || std::isnan(y)) {
    count(histogram, "nanflow", w);
  } else if ((std::isinf(x) || std::isinf(y)) && histogram.has("infflow", Kind::float64)) {
    count(histogram, "infflow", w);
  } else if (x >= x_low && x < x_high && y >= y_low && y < y_high) {
    Array& all = histogram.edit("values").edit_items();
    Array& row = all[bin_of(x, x_low, x_high, all.size())].edit_items();
    add_to(row[bin_of(y, y_low, y_high, row.size())], w);
  } else {
    auto side = [](double v, double low, double high) { return v < low ? "under" : v >= high ? "over" : "mid"; };
    count(histogram, std::string(side(x, x_low, x_high)) + side(y, y_low, y_high) + "flow", w);
  }
  return histogram.take();
}

constexpr LibraryRow kRows[] = {
    {"stat.sample.fillHistogram", fill},
    {"stat.sample.fillHistogram2d", fill_two},
};

}  // namespace

std::span<const LibraryRow> histogram_library() { return kRows; }

}  // namespace panmodel::pfa
