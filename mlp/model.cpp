#include "mlp/model.hpp"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>

#include "core/elements.hpp"
#include "core/error.hpp"
#include "core/hdf5_file.hpp"

namespace zeropoint::mlp {
namespace {

// Files hold the functions of r only; in memory zeros follow them (DescriptorOptions::stride).
// Their axis is -1, or -2 where channels follow.

at::Tensor without_padding(const at::Tensor& values, std::int64_t axis, int n) {
  return values.narrow(axis, 0, n).contiguous();
}

at::Tensor with_padding(const at::Tensor& values, std::int64_t axis, int stride) {
  std::vector<std::int64_t> shape = values.sizes().vec();
  shape.end()[axis] = stride;
  at::Tensor padded = at::zeros(shape, values.options());
  padded.narrow(axis, 0, values.size(axis)).copy_(values);
  return padded;
}

const std::vector<std::pair<std::string, CutoffFunction>> cutoff_names{
    {"cosine", CutoffFunction::cosine}, {"cubic", CutoffFunction::cubic}, {"quintic", CutoffFunction::quintic}};

/// Calls visit(name, number) for everything that is a whole number.
template <class ModelLike, class Visit>
void for_integers(ModelLike& model, const Visit& visit) {
  visit("radial_order", model.descriptor.radial_order);
  visit("angular_order", model.descriptor.angular_order);
  visit("radial_channels", model.network.radial_channels);
  visit("channels", model.network.channels);
  visit("full_spectrum", model.network.full_spectrum);
  visit("mixing_by_degree", model.network.mixing_by_degree);
  visit("attention_layers", model.network.attention_layers);
  visit("attention_heads", model.network.attention_heads);
  visit("four_body", model.network.four_body);
  visit("hidden", model.network.hidden);
}

double number(const Hdf5File& file, const std::string& name) {
  const auto value = file.number_attribute("/", name);
  if (!value)
    throw InputError{"{}: the attribute {} is missing: the file is damaged or of another version", file.path(), name};
  return *value;
}

std::string member_name(std::size_t k) { return fmt::format("member_{}", k); }

void require_shape(const at::Tensor& values, at::IntArrayRef shape, const std::string& path, const std::string& name) {
  if (values.sizes() == shape) return;
  throw InputError{"{}: {} has another shape than this network: the file is damaged or of another version", path, name};
}

}  // namespace

std::vector<int> species_numbers(const std::vector<std::string>& labels, const std::vector<std::string>& species) {
  std::vector<int> numbers;
  numbers.reserve(labels.size());
  for (const std::string& label : labels) {
    const auto found = std::find(species.begin(), species.end(), element_symbol(label));
    if (found == species.end()) {
      throw InputError{
          "the element {} is unknown to the potential, which was trained on {}: train it on structures with {}", label,
          fmt::join(species, ", "), label};
    }
    numbers.push_back(static_cast<int>(found - species.begin()));
  }
  return numbers;
}

MomentScaling converted(const MomentScaling& scaling, at::ScalarType type) {
  return {scaling.radial_shift.to(type), scaling.radial_scale.to(type), scaling.angular_scale.to(type)};
}

std::vector<at::Tensor> converted(const std::vector<at::Tensor>& tensors, const at::TensorOptions& options) {
  std::vector<at::Tensor> result;
  for (const at::Tensor& tensor : tensors) result.push_back(tensor.to(options));
  return result;
}

ActiveNetwork active_network(const NodeNetwork& network, const Member& member, double energy_scale,
                             const at::TensorOptions& options) {
  return {&network, converted(member.parameters, options), converted(member.shift, options),
          converted(member.scale, options), energy_scale};
}

void write_model(const Model& model, const std::string& path, const std::string& configuration) {
  Hdf5File file = Hdf5File::create(path, {.filetype = model_filetype, .configuration = configuration});
  const int n = model.descriptor.n_functions();
  file.write("species", model.species, "species");
  file.write_attribute("/", "radial_cutoff", model.descriptor.radial_cutoff);
  file.write_attribute("/", "angular_cutoff", model.descriptor.angular_cutoff);
  file.write_attribute("/", "cutoff_function",
                       std::find_if(cutoff_names.begin(), cutoff_names.end(), [&](const auto& entry) {
                         return entry.second == model.descriptor.cutoff_function;
                       })->first);
  for_integers(model, [&](const char* name, const auto& value) {
    file.write_attribute("/", name, static_cast<std::int64_t>(value));
  });
  file.write_attribute("/", "energy_scale", model.energy_scale);
  file.write("reference_energies",
             Eigen::Map<const Eigen::VectorXd>(model.reference_energies.data(), model.n_species()), "eV", "species");
  file.write("scaling/radial_shift", without_padding(model.scaling.radial_shift, -1, n), "1",
             "species,neighbour_species,function");
  file.write("scaling/radial_scale", without_padding(model.scaling.radial_scale, -1, n), "1",
             "species,neighbour_species,function");
  file.write("scaling/angular_scale", without_padding(model.scaling.angular_scale, -1, n), "1",
             "species,harmonic,neighbour_species,function");
  const NodeNetwork network = model.node_network();
  for (std::size_t k = 0; k < model.members.size(); ++k) {
    const Member& member = model.members[k];
    for (std::size_t p = 0; p < network.parameters().size(); ++p) {
      const auto& parameter = network.parameters()[p];
      const at::Tensor& values = member.parameters[p];
      const at::Tensor stored =
          parameter.of_moments
              ? without_padding(values.unflatten(-2, {model.n_species(), model.descriptor.stride()}), -2, n)
              : values;
      const std::string degree = stored.dim() == 4 ? "degree," : "";
      file.write(member_name(k) + "/" + parameter.name, stored, "1",
                 parameter.of_moments ? degree + "neighbour_species,function,channel" : "");
    }
    for (std::size_t z = 0; z < model.species.size(); ++z) {
      const std::string of_species = fmt::format("{}/species_{}/", member_name(k), z);
      file.write(of_species + "invariant_shift", member.shift[z], "1", "invariant");
      file.write(of_species + "invariant_scale", member.scale[z], "1", "invariant");
    }
    if (member.covariance.defined())
      file.write(member_name(k) + "/last_layer_covariance", member.covariance, "1", "weight,weight");
    file.write_attribute(member_name(k), "seed", static_cast<std::int64_t>(member.seed));
  }
  file.write_attribute("/", "n_members", static_cast<std::int64_t>(model.members.size()));
  std::vector<std::string> lines;
  for (const auto& [name, value] : model.card) lines.push_back(name + ": " + value);
  if (!lines.empty()) file.write("card", lines, "line");
  file.close();
}

Model read_model(const std::string& path) {
  const Hdf5File file = Hdf5File::open(path, model_filetype);
  Model model;
  model.species = file.read_strings("species");
  model.descriptor.radial_cutoff = number(file, "radial_cutoff");
  model.descriptor.angular_cutoff = number(file, "angular_cutoff");
  const std::string kind = file.text_attribute("/", "cutoff_function").value_or("");
  const auto found =
      std::find_if(cutoff_names.begin(), cutoff_names.end(), [&](const auto& entry) { return entry.first == kind; });
  if (found == cutoff_names.end())
    throw InputError{"{}: the cutoff function '{}' is unknown: the file is of another version", path, kind};
  model.descriptor.cutoff_function = found->second;
  for_integers(model, [&](const char* name, auto& value) {
    const bool absent =
        name == std::string_view{"mixing_by_degree"} && !file.number_attribute("/", name);  // older files
    value = absent ? 0 : static_cast<std::decay_t<decltype(value)>>(number(file, name));
  });
  model.energy_scale = number(file, "energy_scale");
  const Eigen::VectorXd energies = file.read_vector("reference_energies");
  model.reference_energies.assign(energies.begin(), energies.end());
  const int stride = model.descriptor.stride();
  const NodeNetwork network = model.node_network();  // checks the sizes
  const std::int64_t n = model.n_species(), n_functions = model.descriptor.n_functions();
  const auto read_scaling = [&](const std::string& name, at::IntArrayRef shape) {
    const at::Tensor values = file.read(name);
    require_shape(values, shape, path, name);
    return with_padding(values, -1, stride);
  };
  model.scaling = {read_scaling("scaling/radial_shift", {n, n, n_functions}),
                   read_scaling("scaling/radial_scale", {n, n, n_functions}),
                   read_scaling("scaling/angular_scale", {n, model.descriptor.n_harmonics(), n, n_functions})};
  if (energies.size() != n)
    throw InputError{"{}: {} reference energies for {} species: the file is damaged", path, energies.size(), n};
  for (std::size_t k = 0; k < static_cast<std::size_t>(number(file, "n_members")); ++k) {
    Member member;
    member.seed = static_cast<std::uint64_t>(file.number_attribute(member_name(k), "seed").value_or(0));
    for (const auto& parameter : network.parameters()) {
      at::Tensor values = file.read(member_name(k) + "/" + parameter.name);
      std::vector<std::int64_t> shape = parameter.shape;
      if (parameter.of_moments) {
        shape.end()[-2] = n_functions;
        shape.insert(shape.end() - 2, n);
      }
      require_shape(values, shape, path, parameter.name);
      if (parameter.of_moments) values = with_padding(values, -2, stride).flatten(-3, -2);
      member.parameters.push_back(values);
    }
    for (std::int64_t z = 0; z < n; ++z) {
      const std::string of_species = fmt::format("{}/species_{}/", member_name(k), z);
      member.shift.push_back(file.read(of_species + "invariant_shift"));
      member.scale.push_back(file.read(of_species + "invariant_scale"));
      require_shape(member.shift.back(), {network.n_invariants()}, path, of_species + "invariant_shift");
      require_shape(member.scale.back(), {network.n_invariants()}, path, of_species + "invariant_scale");
    }
    if (const std::string name = member_name(k) + "/last_layer_covariance"; file.has(name)) {
      member.covariance = file.read(name);
      require_shape(member.covariance, {n * network.n_features(), n * network.n_features()}, path, name);
    }
    model.members.push_back(std::move(member));
  }
  if (file.has("card")) {
    for (const std::string& line : file.read_strings("card")) {
      const std::size_t colon = std::min(line.find(": "), line.size());
      model.card.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 2, line.size())));
    }
  }
  return model;
}

}  // namespace zeropoint::mlp
