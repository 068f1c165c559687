// Heatmaps and part affinity fields (Cao et al. 2017, OpenPose, arXiv:1611.08050) -> people.
#pragma once

#include "cabinsafe/maps.hpp"
#include "cabinsafe/options.hpp"
#include "cabinsafe/people.hpp"

namespace cabinsafe {

// Immutable after construction: one decoder may serve several threads.
class Decoder {
  public:
    // Throws std::invalid_argument when the layout contradicts itself.
    Decoder(Layout layout, Options options);

    // Throws std::invalid_argument (shapes), NonFiniteError, LimitError.
    Poses decode(const Maps& heatmaps, const Maps& pafs) const;

    const Layout& layout() const { return layout_; }

  private:
    Layout layout_;
    Options options_;
};

}  // namespace cabinsafe
