#pragma once
// The document layer of ONNX: the messages of onnx.proto as plain structs, and bytes <-> structs
// without loss.
//
// Presence is kept: an optional number is std::optional, a string is a Text (absent differs from
// empty), a message is a Box. Fields of a later schema stay in `unknown` and are written back.
// Large payloads (raw_data, packed typed data) stay views into the file: parsing does not touch
// them. `at` is the byte offset of the message in its file, kNoOffset for messages made in memory.
//
// Lifetime: Text members of a parsed message view the parsed bytes. ModelProto keeps them alive by
// `storage`; a sub-message copied out of a model must not outlive that storage.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/location.h"
#include "formats/onnx/schema.h"
#include "formats/onnx/values.h"

namespace panmodel::onnx {

inline constexpr uint64_t kNoOffset = UINT64_MAX;

struct GraphProto;
struct TypeProto;

struct StringStringEntryProto {
  Text key{}, value{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct OperatorSetIdProto {
  Text domain{};
  std::optional<int64_t> version{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

// ---- Types.

struct DimensionProto {  // oneof: dim_value, dim_param; neither = unknown
  std::optional<int64_t> dim_value{};
  Text dim_param{};
  Text denotation{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct TensorShapeProto {
  std::vector<DimensionProto> dim{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct TensorTypeProto {
  std::optional<int32_t> elem_type{};  // a DataType
  Box<TensorShapeProto> shape{};       // null = unknown rank
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct SparseTensorTypeProto {
  std::optional<int32_t> elem_type{};
  Box<TensorShapeProto> shape{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct SequenceTypeProto {
  Box<TypeProto> elem_type{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct OptionalTypeProto {
  Box<TypeProto> elem_type{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct MapTypeProto {
  std::optional<int32_t> key_type{};
  Box<TypeProto> value_type{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct OpaqueTypeProto {
  Text domain{}, name{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct TypeProto {  // oneof: all but denotation
  Box<TensorTypeProto> tensor_type{};
  Box<SequenceTypeProto> sequence_type{};
  Box<MapTypeProto> map_type{};
  Text denotation{};
  Box<OpaqueTypeProto> opaque_type{};
  Box<SparseTensorTypeProto> sparse_tensor_type{};
  Box<OptionalTypeProto> optional_type{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct ValueInfoProto {
  Text name{};
  Box<TypeProto> type{};
  Text doc_string{};
  std::vector<StringStringEntryProto> metadata_props{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

// ---- Tensors. Decode and encode their elements with formats/onnx/tensor_data.h.

struct SegmentProto {
  std::optional<int64_t> begin{}, end{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct TensorProto {
  std::vector<int64_t> dims{};
  std::optional<int32_t> data_type{};  // a DataType
  Box<SegmentProto> segment{};
  Packed<float> float_data{};
  Packed<int32_t> int32_data{};
  std::vector<Text> string_data{};
  Packed<int64_t> int64_data{};
  Text name{};
  std::optional<Bytes> raw_data{};
  Packed<double> double_data{};
  Packed<uint64_t> uint64_data{};
  Text doc_string{};
  std::vector<StringStringEntryProto> external_data{};
  std::optional<int32_t> data_location{};  // a DataLocation
  std::vector<StringStringEntryProto> metadata_props{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct SparseTensorProto {
  Box<TensorProto> values{};
  Box<TensorProto> indices{};
  std::vector<int64_t> dims{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct TensorAnnotation {
  Text tensor_name{};
  std::vector<StringStringEntryProto> quant_parameter_tensor_names{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

// ---- Nodes.

struct AttributeProto {
  Text name{};
  std::optional<float> f{};
  std::optional<int64_t> i{};
  Text s{};
  Box<TensorProto> t{};
  Box<GraphProto> g{};
  std::vector<float> floats{};
  std::vector<int64_t> ints{};
  std::vector<Text> strings{};
  std::vector<TensorProto> tensors{};
  std::vector<GraphProto> graphs;
  Text doc_string{};
  Box<TypeProto> tp{};
  std::vector<TypeProto> type_protos{};
  std::optional<int32_t> type{};  // an AttributeType
  Text ref_attr_name{};
  Box<SparseTensorProto> sparse_tensor{};
  std::vector<SparseTensorProto> sparse_tensors{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct IntIntListEntryProto {
  std::optional<int64_t> key{};
  std::vector<int64_t> value{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct SimpleShardedDimProto {  // oneof: dim_value, dim_param
  std::optional<int64_t> dim_value{};
  Text dim_param{};
  std::optional<int64_t> num_shards{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct ShardedDimProto {
  std::optional<int64_t> axis{};
  std::vector<SimpleShardedDimProto> simple_sharding{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct ShardingSpecProto {
  Text tensor_name{};
  std::vector<int64_t> device{};
  std::vector<IntIntListEntryProto> index_to_device_group_map{};
  std::vector<ShardedDimProto> sharded_dim{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct NodeDeviceConfigurationProto {
  Text configuration_id{};
  std::vector<ShardingSpecProto> sharding_spec{};
  std::optional<int32_t> pipeline_stage{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct NodeProto {
  std::vector<Text> input{}, output{};  // empty name = omitted optional
  Text name{};
  Text op_type{};
  std::vector<AttributeProto> attribute{};
  Text doc_string{};
  Text domain{};  // "" and "ai.onnx" are the same
  Text overload{};
  std::vector<StringStringEntryProto> metadata_props{};
  std::vector<NodeDeviceConfigurationProto> device_configurations{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

// ---- Graphs, functions, models.

struct GraphProto {
  std::vector<NodeProto> node{};
  Text name{};
  std::vector<TensorProto> initializer{};
  Text doc_string{};
  std::vector<ValueInfoProto> input{}, output{}, value_info{};
  std::vector<TensorAnnotation> quantization_annotation{};
  std::vector<SparseTensorProto> sparse_initializer{};
  std::vector<StringStringEntryProto> metadata_props{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct FunctionProto {  // keyed by (domain, name, overload)
  Text name{};
  std::vector<Text> input{}, output{}, attribute{};
  std::vector<NodeProto> node{};
  Text doc_string{};
  std::vector<OperatorSetIdProto> opset_import{};
  Text domain{};
  std::vector<AttributeProto> attribute_proto{};  // attributes with defaults
  std::vector<ValueInfoProto> value_info{};
  Text overload{};
  std::vector<StringStringEntryProto> metadata_props{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct TrainingInfoProto {
  Box<GraphProto> initialization{}, algorithm{};
  std::vector<StringStringEntryProto> initialization_binding{}, update_binding{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct DeviceConfigurationProto {
  Text name{};
  std::optional<int32_t> num_devices{};
  std::vector<Text> device{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct ModelProto {
  std::optional<int64_t> ir_version{};
  Text producer_name{}, producer_version{}, domain{};
  std::optional<int64_t> model_version{};
  Text doc_string{};
  Box<GraphProto> graph{};
  std::vector<OperatorSetIdProto> opset_import{};
  std::vector<StringStringEntryProto> metadata_props{};
  std::vector<TrainingInfoProto> training_info{};
  std::vector<FunctionProto> functions{};
  std::vector<DeviceConfigurationProto> configuration{};
  uint64_t at = kNoOffset;
  Text unknown{};

  Bytes storage{};     // the parsed bytes, which the Text members view
  std::string file{};  // path of the file it was read from; empty for memory
};

// ---- onnx-data.proto: the .pb files of test data that hold no plain tensor.

struct MapProto;
struct OptionalProto;

struct SequenceProto {
  Text name{};
  std::optional<int32_t> elem_type{};  // 1 tensor, 2 sparse tensor, 3 sequence, 4 map, 5 optional
  std::vector<TensorProto> tensor_values{};
  std::vector<SparseTensorProto> sparse_tensor_values{};
  std::vector<SequenceProto> sequence_values{};
  std::vector<MapProto> map_values;
  std::vector<OptionalProto> optional_values;
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct MapProto {
  Text name{};
  std::optional<int32_t> key_type{};  // a DataType
  std::vector<int64_t> keys{};
  std::vector<Text> string_keys{};
  Box<SequenceProto> values{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

struct OptionalProto {
  Text name{};
  std::optional<int32_t> elem_type{};  // as SequenceProto
  Box<TensorProto> tensor_value{};
  Box<SparseTensorProto> sparse_tensor_value{};
  Box<SequenceProto> sequence_value{};
  Box<MapProto> map_value{};
  Box<OptionalProto> optional_value{};
  uint64_t at = kNoOffset;
  Text unknown{};
};

// ---- Bytes -> messages.

struct ParseOptions {
  std::string file;  // named in messages
  // Messages nested deeper are refused (onnx-depth), as protobuf does.
  unsigned max_depth = 100;
  // Memory for the decoded structs (payloads stay in the file): limit-memory beyond it.
  uint64_t max_memory = uint64_t{4} << 30;
};

// Parses one message of any type of schema.def; its Text members view `bytes`, which the caller
// keeps. Throws Failure onnx-wire-*, onnx-depth, limit-memory with field path and byte offset.
template <class Message>
Message parse(const Bytes& bytes, const ParseOptions& options = {});

// A whole model, which keeps `bytes`. Also refuses what is no model at all (onnx-not-a-model: empty
// file, neither graph nor functions).
ModelProto parse_model(const Bytes& bytes, const ParseOptions& options = {});
// Maps the file; external data resolves beside it.
ModelProto read_model(const std::string& path, ParseOptions options = {});

// ---- Messages -> bytes. Deterministic: fields by number, unknown fields last, as protobuf writes.

// Protobuf readers refuse a message of 2 GiB and more.
inline constexpr uint64_t kMaxMessageBytes = 0x7fffffff;

template <class Message>
uint64_t serialised_size(const Message& message);
// Throws Failure onnx-too-large when the result would exceed kMaxMessageBytes.
template <class Message>
std::string serialise(const Message& message);

struct WriteModelOptions {
  bool overwrite = false;
  // Move tensors of at least `external_threshold` bytes of raw_data to one file beside the model.
  bool external_data = false;
  uint64_t external_threshold = 1024;
  uint64_t external_alignment = 4096;
  std::string external_name;  // bare file name; empty: the model's name + ".data"
};
// Writes atomically. With external data the data file is rewritten whole (never appended to) and
// renamed before the model. A model beyond 2 GiB without external_data: onnx-too-large.
void write_model(const std::string& path, const ModelProto& model,
                 const WriteModelOptions& options = {});

// ---- Small queries.

// "ai.onnx" and "" are one domain, spelt "" here.
std::string_view normal_domain(std::string_view domain);
// Version imported for a domain, or nullopt. Models of IR version 1 and 2 have no imports: opset 1.
std::optional<int64_t> opset_version(const ModelProto& model, std::string_view domain);
// The attribute of that name, or nullptr.
const AttributeProto* find_attribute(const NodeProto& node, std::string_view name);
// The type of an attribute: its `type`, or for files of IR version 1 the one field that is set.
AttributeType attribute_type(const AttributeProto& attribute);
// Location of a message in its file: path and byte offset.
Location location_of(const ModelProto& model, std::string path, uint64_t at);

}  // namespace panmodel::onnx
