"""What the report says in English."""

from colorear.evaluation.metrics.standard import METRICS
from colorear.evaluation.report.language import Language

__all__ = ["ENGLISH"]

_NAMES = {
    "mae": "MAE",
    "mse": "MSE",
    "rmse": "RMSE",
    "psnr": "PSNR",
    "ssim": "SSIM",
    "fsim": "FSIMc",
    "uqi": "UQI",
    "vif": "VIF",
    "ciede2000": "CIEDE2000",
    "chroma_psnr": "chroma PSNR",
    "colorfulness": "colourfulness",
    "colorfulness_gap": "colourfulness gap",
    "frechet": "Fréchet distance",
    "kid": "kernel distance",
    "ratio": "MSE / grey copy",
    "parameters": "parameters",
    "milliseconds": "ms per photograph",
    "gray": "grey copy",
    "mean-color": "mean colour",
    "opposite-hues": "opposite hues",
    "skips": "skips",
    "depth": "depth",
    "interaction": "interaction",
    "best": "best",
    "median": "median",
    "worst": "worst",
    "standard": "standard",
    "slides": "the slides'",
    "confirmed": "confirmed",
    "refuted": "refuted",
    "undecided": "undecided",
}

_FINDINGS = {
    "one_photograph": "Only one photograph was judged for every network: no intervals are "
    "possible, and nothing can be concluded about other photographs.",
    "few_photographs": "Only {count} photographs were judged for every network: intervals from "
    "so few are narrower than they should be.",
    "partial": "Judged for every network: {count} of the {all} photographs of the data.",
    "left_out": "Photographs left out, since only some networks were judged on them: {count}.",
    "not_finite": "Photographs left out on {metric}, for every network: {count}. For at least one "
    "of them the value is infinite or missing, as the PSNR of two equal pictures is.",
    "undefined": "Left out, since almost no photograph has a number for every network: {metrics}.",
    "few_for_sets": "Fréchet and kernel distance are of {count} photographs only: with fewer than "
    "{enough} the former is too large by far, and only rows of the same photographs may be "
    "compared by it.",
    "fewer_trainings": "Trained fewer than {count} times: {networks}. The intervals of a network "
    "that was trained once tell about other photographs alone; where it is compared with others "
    "they lack what another training of it would add.",
    "no_gray": "The scores hold no grey copy: ratios to it are left out, and whether a network "
    "beats doing nothing cannot be told. Judge the model gray as well.",
    "best_beyond": "{network} is best on {metrics}, beyond the intervals.",
    "best_within": "{network} has the best mean on {metrics}, but the intervals do not tell it "
    "from {others}.",
    "ratio_below": "The MSE of {network} is {ratio} times that of a grey copy: less, beyond the "
    "interval.",
    "ratio_above": "The MSE of {network} is {ratio} times that of a grey copy: more, beyond the "
    "interval.",
    "ratio_within": "The MSE of {network} is {ratio} times that of a grey copy; the interval "
    "holds 1.",
    "gray_better": "Better than the grey copy on {metrics}.",
    "gray_worse": "Worse than the grey copy on {metrics}.",
    "gray_same": "Not to be told from it on {metrics}.",
    "skips_better": "Skips make things better on {metrics}.",
    "skips_worse": "Skips make things worse on {metrics}.",
    "skips_none": "No effect of skips can be claimed on {metrics}.",
    "skips_mse": "On MSE the main effect of skips is {effect}; negative is better.",
    "depth_better": "More layers make things better on {metrics}.",
    "depth_worse": "More layers make things worse on {metrics}.",
    "depth_none": "No effect of depth can be claimed on {metrics}.",
    "depth_mse": "On MSE the main effect of depth is {effect}; negative is better.",
    "interaction_better": "Skips are worth more in the deep network than in the shallow one on "
    "{metrics}.",
    "interaction_worse": "Skips are worth less in the deep network than in the shallow one on "
    "{metrics}.",
    "interaction_none": "No interaction can be claimed on {metrics}.",
    "interaction_mse": "On MSE the interaction is {effect}.",
    "luma_kept": "With the luma promise the main effect of skips on MSE is {kept}, without it "
    "{raw}: the difference is what skips do for the lightness, which colorear keeps anyway.",
    "dull": "Colourfulness in percent of that of the real photographs: {shares}.",
    "trap": "{network} is ahead on PSNR and {other} on the colourfulness gap, both beyond the "
    "intervals: a small error alone does not make colours as strong as the real ones.",
}

_VERDICTS = {
    "claim_1": "There are differences between the autoencoders, by their parameters and layers.",
    "claim_2": "Averaged over all metrics, the best is the one with skips and more layers.",
    "claim_3": "Without skips information is lost; skips are recommended.",
    "claim_4": "The autoencoders give excellent results on the metrics.",
    "1_confirmed": "Of {tests} comparisons of two networks on one metric {found} differ (Wilcoxon, "
    "p < 0.05 after Holm over all of them) and by more than {margin} of a standard deviation "
    "between photographs. The largest is on {metric}: {better} before {worse}, by {difference}.",
    "1_refuted": "In all {tests} comparisons of two networks on one metric the difference is "
    "within {margin} of a standard deviation between photographs.",
    "1_undecided": "None of {tests} comparisons of two networks on one metric shows a difference "
    "(Wilcoxon, p < 0.05 after Holm over all of them) that is surely more than {margin} of a "
    "standard deviation between photographs; but nor are all intervals within it.",
    "2_confirmed": "{network} has average rank {rank} of {count} over {metrics}, before the next "
    "best by {lead} ranks: the whole interval is above 0.",
    "2_refuted": "{network} has average rank {rank} of {count} over {metrics}; the best of the "
    "others, {other}, is before it by {lead} ranks: the whole interval is above 0.",
    "2_undecided": "{network} has average rank {rank} of {count} over {metrics}; its lead over "
    "the best of the others is {lead} ranks: the interval holds 0.",
    "2_stable": "Which network has the best average rank does not change when any one metric is "
    "left out.",
    "2_unstable": "Another network has the best average rank when one of these is left out: "
    "{metrics}.",
    "3_confirmed": "Of {count} metrics, skips help on {helps} beyond the intervals and harm on "
    "{harms}.",
    "3_refuted": "Of {count} metrics, skips help on {helps} beyond the intervals and by enough to "
    "matter; on {against} they harm, or change, for better or worse, less than {margin} of a "
    "standard deviation between photographs.",
    "3_undecided": "Of {count} metrics, skips help on {helps} beyond the intervals and harm on "
    "{harms}: neither is most of them.",
    "4_confirmed": "All four beat the grey copy, beyond the intervals, on more than half of "
    "{count} metrics. That is better than doing nothing; more cannot be told from these numbers.",
    "4_refuted": "All four are worse than the grey copy, beyond the intervals, on at least half "
    "of {count} metrics: doing nothing would have scored better.",
    "4_undecided": "Against the grey copy the four do not agree, or the intervals do not tell "
    "(over {count} metrics).",
    "4_network": "{network}: better than the grey copy on {better}, worse on {worse}.",
    "no_intervals": "One photograph allows no intervals.",
    "counted": "Counted over those of the slides' seven metrics that are here. MSE, RMSE and PSNR "
    "are forms of one error and weigh three times.",
}

_QUESTIONS = {
    "q_seeds": "Would the order stay with other random starts? Each network was trained once, and "
    "the intervals tell about other photographs, not about other trainings.",
    "q_equal_seeds": "Would the order stay with more trainings? Each network was trained {count} "
    "times, which is few: intervals are widened for that, by Student's t.",
    "q_more_seeds": "Would the order stay with more trainings? Each network was trained "
    "{fewest} to {most} times, which is few: intervals are widened for that, by Student's t.",
    "q_effect": "Is there an effect of {effect} on MSE? With this scatter about {count} "
    "photographs would be needed to tell one of the size seen from none; {have} were judged.",
    "q_dull": "How could {network} reach more than {share} % of the real colourfulness without a "
    "larger error?",
    "q_place": "Why is {hard} so much harder than {easy}? The mean {metric} of {network} is {high} "
    "on the one and {low} on the other.",
    "q_chroma": "What would help with colourful photographs? From the greyest fifth to the most "
    "colourful the mean {metric} of {network} goes from {low} to {high}.",
    "q_structure": "On {metrics} the grey copy beats every network beyond the intervals. Do these "
    "metrics see colour at all, or only whether the picture was left alone?",
}

_PAGE = {
    "title": "Networks that colour photographs, compared",
    "about": "{data}; photographs: {photographs}, {size} × {size} pixels; {convention} convention.",
    "brackets": "Brackets hold 95 % intervals: percentile bootstrap over photographs, {resamples} "
    "paired resamples. “Beyond the intervals” means that the interval of the paired difference "
    "leaves out 0.",
    "of_photographs": "They tell about other photographs, not about other trainings.",
    "of_trainings": "They tell about other photographs and other trainings: within each resample "
    "of the photographs the trainings of each network are resampled too (nested bootstrap, widened "
    "for few trainings by Student's t).",
    "contents": "Contents",
    "other_scores": "All other columns",
    "trainings_heading": "Trained several times",
    "trainings_note": "Means of each training, and the standard deviation between them: how far "
    "chance alone (first weights, order of the photographs) moves a result.",
    "trainings": "trainings",
    "each_training": "{metric} of each",
    "between_trainings": "standard deviation",
    "slides_convention": "These are the numbers that the slides' libraries print, wrong data range "
    "included; they are for comparing with the published table only.",
    "conclusions": "Conclusions",
    "best_heading": "Which network is best",
    "gray_heading": "Against doing nothing (beyond the intervals)",
    "effects_heading": "Skips and depth (beyond the intervals)",
    "colorfulness_heading": "How colourful",
    "verdicts": "The slides' four conclusions",
    "on_design": "Judged on {names}.",
    "no_design": "The four autoencoders are not all among the scores, so the slides' conclusions "
    "and the effects of skips and depth are left out.",
    "questions": "Open questions",
    "table": "The table",
    "table_note": "Means over photographs. ↓ lower is better, ↑ higher is better. Bold: the best "
    "network; ≈: not to be told from it. The last rows are no networks: "
    "two ways of doing nothing, and the truth with every hue turned by half a circle, which a "
    "metric that sees colour must find bad. Fréchet and kernel distance "
    "are of whole sets, in EfficientNet-Lite0 features, and have no interval.",
    "published": "Beside the slides' table",
    "published_note": "As published, and corrected: RMSE times 4095, PSNR minus 72.245 dB, since "
    "they took 4095 for white where white was 1. Their FSIM, UQI, SSIM and VIF cannot be "
    "corrected, and do not mean what ours do. Their photographs were others of the same kind; the "
    "networks have the same layers, and may have been trained otherwise.",
    "network": "network",
    "metric": "metric",
    "as_published": "published",
    "as_corrected": "corrected",
    "ours": "here",
    "effects": "The effect of skips and of depth",
    "effects_note": "Main effect of skips: the mean over depth of (skip − plain). Of depth: the "
    "mean over skips of (deep − shallow). Interaction: (skip-deep − plain-deep) − (skip-shallow "
    "− plain-shallow). In the metric's unit; bold: beyond the interval, ✓ better, ✗ worse.",
    "tests": "Tests between all pairs",
    "tests_note": "Wilcoxon signed-rank tests on the same photographs; p after Holm over the pairs "
    "of one metric. The name is the better network where p < 0.05.",
    "pair": "pair",
    "tests_summary": "{pairs} pairs on {metrics} metrics",
    "ranks": "Average rank",
    "ranks_note": "1 is best. The other columns leave out one metric each.",
    "all_metrics": "all metrics",
    "without": "without {metric}",
    "original": "original",
    "pictures": "The same photographs by every network",
    "pictures_caption": "Those that the slides show. From left to right: {columns}.",
    "fails": "Where each network fails",
    "fails_note": "By {metric}, the photographs with the best, median and worst scores; in "
    "brackets the score.",
    "strips": "Grey, coloured, true. Below: {metric} of the network and of the grey copy.",
    "training": "Training",
    "method": "How this was made",
    "made_by": "Scores of {date}: {command}, with {versions}.",
    "page_made": "Every sentence and number on this page was generated from the scores.",
    "definition": "definition, and where it is computed",
}

_FIGURES = {
    "metrics_caption": "Means and 95 % intervals. Lines: grey copy (dashed), mean colour "
    "(dotted), opposite hues (dash-dotted).",
    "effects_caption": "Effects in standard deviations between photographs, with 95 % intervals. "
    "The axis is logarithmic beyond ±0.1.",
    "ratio_caption": "Error against doing nothing, with 95 % intervals.",
    "chroma_caption": "Error against how colourful the photograph truly is: five groups of "
    "equally many photographs, 95 % intervals.",
    "places_caption": "Error by kind of place, 95 % intervals; in brackets the photographs.",
    "dullness_caption": "The dullness trap: each network's mean, faint dots are photographs. "
    "Right and low is good; right and high is a small error with dull or false colours.",
    "training_caption": "Training loss (thin) and validation loss (thick); below, MSE on the "
    "validation photographs over that of a grey copy, and accuracy as Keras counts it: the part "
    "of the pixels whose largest channel is the true one. Losses of different recipes may be "
    "different measures.",
    "effect_axis": "worse ←  effect  → better",
    "ratio_axis": "MSE / MSE of the grey copy   ← better",
    "chroma_axis": "mean chroma of the truth (CIELAB)",
    "psnr_axis": "PSNR in dB   better →",
    "gap_axis": "colourfulness gap   ← better",
    "epoch": "epoch",
    "loss": "loss",
    "accuracy": "accuracy",
}

ENGLISH = Language(
    code="en",
    name="English",
    point=".",
    group=",",
    conjunction="and",
    interval="{low} to {high}",
    names=_NAMES,
    definitions={name: f"{metric.definition}; {metric.space}" for name, metric in METRICS.items()},
    phrases=_FINDINGS | _VERDICTS | _QUESTIONS | _PAGE | _FIGURES,
)
