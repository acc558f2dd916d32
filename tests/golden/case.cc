#include "tests/golden/case.h"

#include <charconv>

namespace panmodel::golden {
namespace {

bool starts_directive(std::string_view line) { return line.substr(0, 2) == "# "; }

// Takes the first line, without its line feed, from the text.
std::string_view take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

// If the line begins with the word, leaves what follows it in `rest`.
bool directive(std::string_view line, std::string_view word, std::string_view& rest) {
  if (line.substr(0, word.size()) != word) return false;
  rest = line.substr(word.size());
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  return true;
}

// The block of text up to the next directive, with its backslashes taken off.
std::string take_block(std::string_view& text, size_t& line_number) {
  std::string block;
  while (!text.empty()) {
    if (starts_directive(text)) {
      std::string_view after = text;
      if (take_line(after) == "# NOEOL" && !block.empty()) {
        block.pop_back();
        text = after;
        ++line_number;
      }
      break;
    }
    std::string_view line = take_line(text);
    ++line_number;
    if (!line.empty() && line.front() == '\\') line.remove_prefix(1);
    block.append(line).push_back('\n');
  }
  return block;
}

std::string print_block(std::string_view text) {
  std::string block;
  const bool open = !text.empty() && text.back() != '\n';
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (starts_directive(line) || (!line.empty() && line.front() == '\\')) block.push_back('\\');
    block.append(line).push_back('\n');
  }
  if (open) block.append("# NOEOL\n");
  return block;
}

}  // namespace

std::string parse(std::string_view text, Case& result) {
  size_t line_number = 0;
  std::vector<InputFile> files;
  result.comment = take_block(text, line_number);
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    ++line_number;
    const std::string place = "line " + std::to_string(line_number) + ": ";
    std::string_view rest;
    if (directive(line, "# REQUIRES:", rest)) {
      if (rest != "corpus") return place + "only 'corpus' can be required";
      result.needs_corpus = true;
    } else if (directive(line, "# FILE ", rest)) {
      files.push_back({std::string(rest), take_block(text, line_number)});
      continue;
    } else if (directive(line, "# RUN:", rest)) {
      if (rest.empty()) return place + "a command was expected after 'RUN:'";
      result.runs.push_back({std::move(files), std::string(rest), 0, {}, {}});
      files.clear();
    } else if (result.runs.empty()) {
      return place + "'# RUN:' was expected before '" + std::string(line) + "'";
    } else if (directive(line, "# EXIT:", rest)) {
      int& code = result.runs.back().exit;
      const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), code);
      if (error != std::errc() || end != rest.data() + rest.size())
        return place + "a number was expected after 'EXIT:'";
    } else if (line == "# OUT") {
      result.runs.back().out = take_block(text, line_number);
      continue;
    } else if (line == "# ERR") {
      result.runs.back().err = take_block(text, line_number);
      continue;
    } else {
      return place + "unknown directive '" + std::string(line) + "'";
    }
    if (!text.empty() && !starts_directive(text)) return place + "text outside of a block follows";
  }
  if (result.runs.empty()) return "there is no '# RUN:' line";
  if (!files.empty()) return "no '# RUN:' follows the last '# FILE'";
  return {};
}

std::string print(const Case& test) {
  std::string text = print_block(test.comment);
  if (test.needs_corpus) text += "# REQUIRES: corpus\n";
  for (const Run& run : test.runs) {
    for (const InputFile& file : run.files) {
      text += "# FILE " + file.name + "\n" + print_block(file.content);
    }
    text += "# RUN: " + run.command + "\n";
    if (run.exit != 0) text += "# EXIT: " + std::to_string(run.exit) + "\n";
    if (!run.out.empty()) text += "# OUT\n" + print_block(run.out);
    if (!run.err.empty()) text += "# ERR\n" + print_block(run.err);
  }
  return text;
}

}  // namespace panmodel::golden
