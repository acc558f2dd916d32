// What the nodes of a TreeModel predict (PMML 4.4).
#include <algorithm>
#include <cmath>

#include "formats/pmml/tree.h"

namespace panmodel::pmml {
namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();

// Index of `text` among the classes; a label that is not there is appended.
size_t label_index(std::vector<std::string>& classes, std::string_view text) {
  auto found = std::find(classes.begin(), classes.end(), text);
  if (found == classes.end()) found = classes.insert(classes.end(), std::string(text));
  return static_cast<size_t>(found - classes.begin());
}

struct Distribution {
  std::vector<size_t> classes;
  std::vector<double> probabilities, confidences;  // NaN where not given
  size_t largest = SIZE_MAX;                       // class with most records or probability
};

Distribution distribution_of(const Element& node, std::vector<std::string>& classes) {
  Distribution out;
  double total = 0;
  bool all_given = true;
  std::vector<double> counts;
  for (Element e = node.first(); e; e = e.next()) {
    if (!e.is("ScoreDistribution")) continue;
    out.classes.push_back(label_index(classes, e.attribute("value")));
    const bool given = e.find("probability").has_value();
    // Old producers leave the count out where they give the probability.
    counts.push_back(given ? e.real("recordCount", kNan) : e.real("recordCount"));
    total += counts.back();
    out.probabilities.push_back(e.real("probability", kNan));
    out.confidences.push_back(e.real("confidence", kNan));
    all_given = all_given && given;
  }
  for (size_t i = 0; i < counts.size(); ++i) {
    if (!all_given) out.probabilities[i] = counts[i] / total;
  }
  auto most = std::max_element(out.probabilities.begin(), out.probabilities.end());
  if (most != out.probabilities.end()) {
    out.largest = out.classes[static_cast<size_t>(most - out.probabilities.begin())];
  }
  return out;
}

}  // namespace

TreeClasses read_tree_classes(const Tree& tree, std::vector<std::string>& classes) {
  TreeClasses out;
  std::vector<Distribution> distributions;
  bool probabilities = false, confidences = false;
  for (const Element& node : tree.nodes) {
    Distribution d = distribution_of(node, classes);
    auto score = node.find("score");
    size_t winner = score ? label_index(classes, *score) : d.largest;
    out.winner.push_back(winner == SIZE_MAX ? -1 : static_cast<int64_t>(winner));
    probabilities = probabilities || !d.classes.empty();
    for (double c : d.confidences) confidences = confidences || !std::isnan(c);
    distributions.push_back(std::move(d));
  }
  size_t count = classes.size();
  auto table = [&](std::vector<double> Distribution::*values) {
    std::vector<double> all;
    all.reserve(count * distributions.size());
    for (const Distribution& d : distributions) {
      size_t row = all.size();
      // A class that a distribution does not name has no share in it.
      all.resize(row + count, d.classes.empty() ? kNan : 0.0);
      for (size_t i = 0; i < d.classes.size(); ++i) all[row + d.classes[i]] = (d.*values)[i];
    }
    return all;
  };
  if (probabilities) out.probabilities = table(&Distribution::probabilities);
  if (confidences) out.confidences = table(&Distribution::confidences);
  return out;
}

std::vector<double> read_tree_scores(const Tree& tree) {
  std::vector<double> scores;
  scores.reserve(tree.nodes.size());
  for (size_t n = 0; n < tree.nodes.size(); ++n) {
    // What did not read as a number: none at all, or one with spaces around, or an error.
    scores.push_back(std::isnan(tree.scores[n]) ? tree.nodes[n].real("score", kNan) : tree.scores[n]);
  }
  return scores;
}

}  // namespace panmodel::pmml
