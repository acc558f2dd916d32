#pragma once
// PFA in YAML: the same document as in JSON.
#include <memory>
#include <string>
#include <string_view>

#include "base/json_writer.h"

namespace panmodel::pfa::writing {

// Whether a file of this name holds YAML.
bool is_yaml(std::string_view path);

class YamlWriter : public JsonSink {
 public:
  YamlWriter();
  ~YamlWriter() override;
  void begin_object(bool sole) override;
  void end_object() override;
  void begin_array(bool scalars) override;
  void end_array() override;
  void key(std::string_view name) override;
  void text(std::string_view value) override;
  void integer(int64_t value) override;
  void real(double value) override;
  void boolean(bool value) override;
  void null() override;
  // What was written, with a line feed at its end.
  std::string take() const;

 private:
  struct Emitter;  // of yaml-cpp
  std::unique_ptr<Emitter> emitter_;
};

}  // namespace panmodel::pfa::writing
