#include "mlp/split_file.hpp"

#include "core/error.hpp"
#include "mlp/model.hpp"

namespace zeropoint::mlp {

void write_split(Hdf5File& file, const TrainingData& data, const std::vector<Part>& split) {
  std::vector<std::string> sources;
  Eigen::VectorXd parts(static_cast<Eigen::Index>(data.size())), groups(parts.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    sources.push_back(data.structure(i).source);
    parts[static_cast<Eigen::Index>(i)] = static_cast<int>(split[i]);
    groups[static_cast<Eigen::Index>(i)] = static_cast<double>(data.groups().of[i]);
  }
  file.write("split/source", sources, "structure");
  file.write("split/part", parts, "0 training, 1 validation, 2 test, 3 left out", "structure");
  file.write("split/group", groups, "1", "structure");
}

std::set<std::string> sources_of(const std::string& model, Part part) {
  const Hdf5File file = Hdf5File::open(model, model_filetype);
  if (!file.has("split/source")) throw InputError{"{} holds no split: its training had no test", model};
  const std::vector<std::string> sources = file.read_strings("split/source");
  const Eigen::VectorXd parts = file.read_vector("split/part");
  if (parts.size() != static_cast<Eigen::Index>(sources.size()))
    throw InputError{"{}: {} parts for {} structures of the split: the file is damaged", model, parts.size(),
                     sources.size()};
  std::set<std::string> result;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (parts[static_cast<Eigen::Index>(i)] == static_cast<int>(part)) result.insert(sources[i]);
  }
  return result;
}

}  // namespace zeropoint::mlp
