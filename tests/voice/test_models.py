"""Which models hear, and what is said where they cannot."""

import ctranslate2
import pytest

from voice.models import ModelMissing, Recogniser, load, whisper_path


def test_a_gpu_that_cannot_be_used_is_told_and_the_cpu_hears(monkeypatch):
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 1)  # there is none
    told = []
    models = load(report=told.append)
    ((line,),) = (told,)
    assert line.startswith("the GPU cannot recognise speech, so the CPU does: ")
    assert models.decoder.language == "en"


def test_a_model_that_is_not_there_is_told_in_one_line(tmp_path):
    with pytest.raises(ModelMissing, match="no speech recognition model .*nothing") as told:
        load(Recogniser(str(tmp_path / "nothing")))
    assert "\n" not in str(told.value)


def test_an_english_model_refuses_another_language():
    with pytest.raises(ModelMissing, match="does not know the language 'de' but en; .*--asr-model"):
        load(Recogniser(language="de"))


def test_the_bundled_model_can_be_named_by_its_folder():
    assert load(Recogniser(str(whisper_path()))).decoder.language == "en"
