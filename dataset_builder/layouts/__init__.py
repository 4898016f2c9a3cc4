"""Lists the photos and videos of each known data set; a new set is one file here and one line in `LAYOUTS`."""

from dataset_builder.layouts import (
    celeb_df,
    dfdc,
    dfdc_pairs,
    faceforensics,
    ffpp_frames,
    labelled,
    real_faces,
)

LAYOUTS = {
    layout.name: layout
    for layout in (
        faceforensics.LAYOUT,
        labelled.LAYOUT,
        real_faces.LAYOUT,
        celeb_df.LAYOUT,
        dfdc.LAYOUT,
        dfdc_pairs.LAYOUT,
        ffpp_frames.LAYOUT,
    )
}
